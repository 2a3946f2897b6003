"""Machine code for recorded expressions, by LLVM: no compiler, no cache, a fraction of a second."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from cartmodel.kernel.derivative import gradient
from cartmodel.kernel.elementary import DOUBLE, OPERATIONS, Arithmetic
from cartmodel.kernel.expression import Loop, Node, Range, constant, in_order
from cartmodel.kernel.layout import LANES

_INDEX = ir.IntType(64)
_POINTER = DOUBLE.as_pointer()
_WIDE = ir.VectorType(DOUBLE, LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)
_DENSITY = ir.FunctionType(_INDEX, (_INDEX, _POINTER, _POINTER, _POINTER, _POINTER.as_pointer()))
_COPY = ir.FunctionType(_INDEX, (_INDEX, _INDEX, _POINTER, _POINTER, _POINTER.as_pointer()))
_NOT_FINITE = 3  # nutpie's code for a point that cannot be, which ends a trajectory and not the run


def compile_density(density: Node, coordinates: tuple[int, int]) -> tuple[Any, str]:
    """Return the engine that holds the machine code of a log density with its gradient, and its listing.

    Parameters
    ----------
    density : Node
        The log density, outside every loop.
    coordinates : tuple of int
        How many coordinates there are outside the loop over subjects, and how many for each subject.

    Returns
    -------
    engine : llvmlite execution engine
        With the C functions ``density(n, x, gradient, value, columns)``, which returns 0 where value and gradient are
        finite, and ``copy(n, m, x, out, columns)``, which copies x.
    listing : str
        LLVM's assembly of both, before it is optimised.
    """
    module = ir.Module("cartmodel")
    partials, stores = gradient(density)
    _Function(module, coordinates).write(density, partials, stores)
    _write_copy(module)
    listing = str(module)
    return _engine(listing), listing


def compile_elementwise(loop: Loop, outputs: Sequence[Node], groups: Node) -> Any:
    """Return the engine that holds a function of columns for each subject, element by element.

    Parameters
    ----------
    loop : Loop
        The loop over subjects, in which the outputs change.
    outputs : sequence of Node
        What is computed.
    groups : Node
        How many times the lanes are filled.

    Returns
    -------
    llvmlite execution engine
        With the C function ``density(m, x, out, value, columns)``: it leaves ``x`` alone and writes the outputs, one
        after the other, to ``out``, which holds m numbers in all.
    """
    module, over = ir.Module("cartmodel"), Range(loop, 0.0, groups)
    places = [Node("coordinate", (), loop, j) for j in range(len(outputs))]
    stores = [Node("store", (value, place), None, over) for value, place in zip(outputs, places, strict=True)]
    _Function(module, (0, len(outputs))).write(constant(0.0), {}, stores)
    return _engine(str(module))


@cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@lru_cache(maxsize=16)  # by all of the code, and so by every constant in it
def _engine(listing: str) -> Any:
    _prepare()
    module = llvm.parse_assembly(listing)
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
    )
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def _write_copy(module: ir.Module) -> None:
    function = ir.Function(module, _COPY, "copy")
    build = ir.IRBuilder(function.append_basic_block())
    _, count, x, out, _ = function.args
    with _turns(build, _INDEX(0), count) as index:
        build.store(build.load(build.gep(x, [index])), build.gep(out, [index]))
    build.ret(_INDEX(0))


class _turns:  # noqa: N801
    """A loop in the code: ``with _turns(build, start, stop) as index``."""

    def __init__(self, build: ir.IRBuilder, start: Any, stop: Any) -> None:
        self._build, self._start, self._stop = build, start, stop

    def __enter__(self) -> Any:
        build, before = self._build, self._build.block
        self._head = build.append_basic_block("head")
        body = build.append_basic_block("body")
        self._after = build.append_basic_block("after")
        build.branch(self._head)
        build.position_at_end(self._head)
        self._index = build.phi(_INDEX)
        self._index.add_incoming(self._start, before)
        build.cbranch(build.icmp_signed("<", self._index, self._stop), body, self._after)
        build.position_at_end(body)
        return self._index

    def __exit__(self, *_: object) -> None:
        build = self._build
        self._index.add_incoming(build.add(self._index, _INDEX(1)), build.block)
        build.branch(self._head)
        build.position_at_end(self._after)


class _Function:
    """Writes one function: straight code, loop inside loop, all that one range gives in one pass of it.

    Outside the loop over subjects a value is a number; inside it is a vector, of one number for each of several
    subjects side by side.
    """

    def __init__(self, module: ir.Module, coordinates: tuple[int, int]) -> None:
        self._module, self._coordinates = module, coordinates
        self._function = ir.Function(module, _DENSITY, "density")
        for argument in self._function.args[1:]:
            argument.add_attribute("noalias")
        self._entry = ir.IRBuilder(self._function.append_basic_block("entry"))
        self._build = ir.IRBuilder(self._function.append_basic_block("population"))
        self._one, self._many = Arithmetic(self._build, DOUBLE), Arithmetic(self._build, _WIDE)
        self._index: dict[Loop | None, Any] = {None: _INDEX(0)}
        self._values: dict[Node, Any] = {}
        self._mask: Any = None

    def write(self, density: Node, partials: Mapping[Node, Node], stores: Sequence[Node]) -> None:
        """Write the function: a value, its derivatives in coordinates outside the loops, what is stored in them."""
        size, _, out, value, _ = self._function.args
        first, build = self._build.block, self._build
        shared, own = self._coordinates
        self._subjects = self._entry.sdiv(self._entry.sub(size, _INDEX(shared)), _INDEX(max(own, 1)))
        self._starts = [self._entry.add(_INDEX(shared), self._entry.mul(_INDEX(j), self._subjects)) for j in range(own)]
        self._block(None, [density, *partials.values(), *stores])
        total = self._value(density, None)
        build.store(total, value)
        for coordinate, partial in partials.items():
            build.store(self._value(partial, None), build.gep(out, [_INDEX(coordinate.data)]))
        # v - v is 0 for a finite v, and not a number else
        check = self._entry.alloca(DOUBLE)
        build.store(build.fsub(total, total), check)
        with _turns(build, _INDEX(0), size) as index:
            entry = build.load(build.gep(out, [index]))
            build.store(build.fadd(build.load(check), build.fsub(entry, entry)), check)
        finite = build.fcmp_ordered("==", build.load(check), DOUBLE(0.0))
        build.ret(build.select(finite, _INDEX(0), _INDEX(_NOT_FINITE)))
        self._entry.branch(first)

    def _block(self, loop: Loop | None, outputs: list[Node]) -> list[Node]:
        """Compute what the outputs need of one loop's body, and return its nodes."""
        nodes = in_order(outputs, loop)
        stage: dict[Node, int] = {}
        for node in nodes:
            ready = max((stage[needed] for needed in node.needs if needed in stage), default=0)
            stage[node] = ready + (node.op in ("sum", "store"))
        for step in range(max(stage.values(), default=0) + 1):
            now = [node for node in nodes if stage[node] == step]
            passes: dict[Range, list[Node]] = {}
            for node in now:
                if node.op in ("sum", "store"):
                    passes.setdefault(node.data, []).append(node)
            for over, group in passes.items():
                self._run(over, group)
            for node in now:
                if node.op not in ("sum", "store"):
                    self._values[node] = self._straight(node)
        return nodes

    def _run(self, over: Range, group: list[Node]) -> None:
        """Go through a range once for all of the sums and stores of a group."""
        build, outer = self._build, over.loop.outer
        sums = {node: self._entry.alloca(_WIDE) for node in group if node.op == "sum"}
        for place in sums.values():
            build.store(self._many.number(0.0), place)
        with _turns(build, self._whole(over.start), self._whole(over.stop)) as index:
            self._index[over.loop] = index
            if outer is None:
                self._mask = self._used_lanes(index)
            inside = self._block(over.loop, [arg for node in group for arg in node.args])
            for node, place in sums.items():
                body = self._value(node.args[0], over.loop)
                if outer is None:  # the last lanes may be empty
                    body = build.select(self._mask, body, self._many.number(0.0))
                build.store(build.fadd(build.load(place), body), place)
            for node in group:
                if node.op == "store":
                    self._store(self._value(node.args[0], over.loop), node.args[1])
        for node in inside:  # what changes in a loop is not known after it
            del self._values[node]
        for node, place in sums.items():
            lanes = build.load(place)
            self._values[node] = lanes if outer is not None else self._reduced("fadd", DOUBLE(0.0), lanes)

    def _whole(self, bound: Node) -> Any:
        """Return where a range starts or stops: for several subjects side by side, for the one that goes furthest."""
        if bound.op == "const":
            return _INDEX(int(bound.data))
        value = self._value(bound, bound.loop)
        if value.type == _WIDE:
            value = self._reduced("fmax", value)
        return self._build.fptosi(value, _INDEX)

    def _reduced(self, by: str, *arguments: Any) -> Any:
        kind = ir.FunctionType(DOUBLE, [argument.type for argument in arguments])
        return self._build.call(self._intrinsic(f"llvm.vector.reduce.{by}.v{LANES}f64", kind), arguments)

    def _used_lanes(self, group: Any) -> Any:
        build = self._build
        numbers = ir.VectorType(_INDEX, LANES)
        first = self._spread(build.mul(group, _INDEX(LANES)), numbers)
        places = build.add(first, ir.Constant(numbers, list(range(LANES))))
        return build.icmp_signed("<", places, self._spread(self._subjects, numbers))

    def _spread(self, value: Any, kind: Any) -> Any:
        build = self._build
        one = build.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
        return build.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    def _value(self, node: Node, loop: Loop | None) -> Any:
        """Return a node's value as it is used in a loop."""
        if node.op == "const":
            return (self._one if loop is None else self._many).number(node.data)
        value = self._values[node]
        return self._spread(value, _WIDE) if loop is not None and value.type == DOUBLE and node.op != "bound" else value

    def _straight(self, node: Node) -> Any:
        build, columns = self._build, self._function.args[4]
        match node.op:
            case "const":
                return node.data
            case "coordinate" if node.loop is None:
                return build.load(build.gep(self._function.args[1], [_INDEX(node.data)]))
            case "coordinate":
                kind = ir.FunctionType(_WIDE, (_POINTER, ir.IntType(32), _MASK, _WIDE))
                arguments = [self._place(self._function.args[1], node), ir.IntType(32)(8), self._mask]
                load = self._intrinsic(f"llvm.masked.load.v{LANES}f64.p0", kind)
                return build.call(load, [*arguments, self._many.number(0.0)])
            case "column" | "bound":
                column = self._entry.load(self._entry.gep(columns, [_INDEX(node.data)]))
                index = self._index[node.loop]
                if node.loop is None or node.op == "bound":
                    return build.load(build.gep(column, [index]))
                lanes = build.gep(column, [build.mul(index, _INDEX(LANES))])
                return build.load(build.bitcast(lanes, _WIDE.as_pointer()), align=8)
            case "table":
                number = build.load(build.gep(self._table(node.data), [_INDEX(0), self._index[node.loop]]))
                return self._spread(number, _WIDE)
            case _:
                arithmetic = self._one if node.loop is None else self._many
                return OPERATIONS[node.op](arithmetic, *(self._value(arg, node.loop) for arg in node.args))

    def _store(self, value: Any, coordinate: Node) -> None:
        kind = ir.FunctionType(ir.VoidType(), (_WIDE, _POINTER, ir.IntType(32), _MASK))
        store = self._intrinsic(f"llvm.masked.store.v{LANES}f64.p0", kind)
        place = self._place(self._function.args[2], coordinate)
        self._build.call(store, [value, place, ir.IntType(32)(8), self._mask])

    def _place(self, base: Any, coordinate: Node) -> Any:
        first = self._build.mul(self._index[coordinate.loop], _INDEX(LANES))
        return self._build.gep(base, [self._build.add(self._starts[coordinate.data], first)])

    def _table(self, numbers: tuple[float, ...]) -> Any:
        kind = ir.ArrayType(DOUBLE, len(numbers))
        table: Any = ir.GlobalVariable(self._module, kind, self._module.get_unique_name("table"))
        table.initializer, table.global_constant, table.linkage = ir.Constant(kind, list(numbers)), True, "private"
        return table

    def _intrinsic(self, name: str, kind: Any) -> Any:
        return self._module.globals[name] if name in self._module.globals else ir.Function(self._module, kind, name)
