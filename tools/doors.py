"""An import-linter contract: a room is entered through its doors only."""

from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """Another room may import only the `doors` of a room, never what lies behind them."""

    rooms = fields.ListField(subfield=fields.StringField())
    doors = fields.SetField(subfield=fields.StringField())
    visitors = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph, verbose):
        trespasses = [
            (importer, imported)
            for room in self.rooms
            for imported in sorted(graph.find_descendants(room))
            if imported.removeprefix(f"{room}.").split(".")[0] not in self.doors
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if not importer.startswith(f"{room}.") and not importer.startswith(tuple(self.visitors or ()))
        ]
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check):
        for importer, imported in check.metadata["trespasses"]:
            output.print_error(f"{importer} climbs in through the window: {imported}")
            output.new_line()
