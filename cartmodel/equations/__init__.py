"""The equations of the model: population, observations, exposure, response, each written once."""
