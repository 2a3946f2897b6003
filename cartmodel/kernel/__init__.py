"""The machine interpreter: a model file becomes one compiled function, the joint log density with its gradient."""
