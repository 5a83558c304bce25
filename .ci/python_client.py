"""A client without generated code: it learns every message by reflection.

Usage: python_client.py ADDR. Applies two units, submits a report that is right
and one that is not, and reads the total.
"""

import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

CITY, DEPARTMENT, YEAR = "900000", "900000-A", 2024
TIMEOUT_SECONDS = 30
# Sections without required figures.
NOT_FILLED = ("cover", "narrative", "supplement")


class Service:
    """Calls unary methods of a service by name."""

    def __init__(self, channel, pool, name, token=None):
        self.channel, self.name = channel, name
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.methods = pool.FindServiceByName(name).methods_by_name

    def call(self, method, **fields):
        described = self.methods[method]
        request = message_factory.GetMessageClass(described.input_type)(**fields)
        response = message_factory.GetMessageClass(described.output_type)
        rpc = self.channel.unary_unary(
            f"/{self.name}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        return rpc(request, timeout=TIMEOUT_SECONDS, metadata=self.metadata)


class Options:
    """Reads the form's options of a field as they came over reflection."""

    def __init__(self, pool):
        self.fields = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FieldOptions"))
        self.label = pool.FindExtensionByName("crossfoot.form.v1.label")
        self.figure = pool.FindExtensionByName("crossfoot.form.v1.figure")

    def of(self, field):
        return self.fields.FromString(field.GetOptions().SerializeToString())


def fill(message, options):
    """Sets every required figure to 0; returns how many there are."""
    count = 0
    for field in message.DESCRIPTOR.fields:
        if field.type == field.TYPE_INT64 and options.of(field).Extensions[options.figure].required:
            setattr(message, field.name, 0)
            count += 1
        elif field.type == field.TYPE_MESSAGE and field.message_type.file.name == message.DESCRIPTOR.file.name:
            count += 0 if field.name in NOT_FILLED else fill(getattr(message, field.name), options)
    return count


def main(address):
    with grpc.insecure_channel(address) as channel:
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        units = Service(channel, pool, "crossfoot.v1.UnitService")
        reports = Service(channel, pool, "crossfoot.v1.ReportService")
        rollups = Service(channel, pool, "crossfoot.v1.RollupService")
        form = pool.FindMessageTypeByName("disclosure.annual.v2021.AnnualReport")
        options = Options(pool)
        any_class = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.Any"))

        applications = form.fields_by_name["applications"].message_type
        label = options.of(applications.fields_by_name["received"]).Extensions[options.label]
        assert label.zh == "一、本年新收政府信息公开申请数量", label
        print(f"applications.received is {label.zh}")

        units.call(
            "ApplyUnits",
            units=[
                {"code": CITY, "kind": "UNIT_KIND_PREFECTURE_CITY", "name": "示例市人民政府", "from_year": 2021},
                {"code": DEPARTMENT, "parent": CITY, "kind": "UNIT_KIND_DEPARTMENT", "name": "示例市财政局", "from_year": 2021},
            ],
            reason="example",
        )

        report = message_factory.GetMessageClass(form)()
        assert fill(report, options) == 200
        for row in (report.applications.received, report.applications.outcomes.granted, report.applications.outcomes.total):
            row.natural_person = row.total = 2

        def submit(year):
            packed = any_class(type_url=f"type.googleapis.com/{form.full_name}", value=report.SerializeToString())
            series = {"unit": DEPARTMENT, "year": year, "coverage": "COVERAGE_OWN"}
            result = reports.call("SubmitReport", series=series, report=packed).result
            outcomes = result.DESCRIPTOR.fields_by_name["outcome"].enum_type.values_by_number
            return outcomes[result.outcome].name, result

        outcome, result = submit(YEAR)
        assert outcome == "OUTCOME_ACCEPTED", result
        print(f"{YEAR}: {outcome}, revision {result.receipt.revision} at position {result.receipt.position}")

        cells = {cell.path: cell.value for cell in rollups.call("GetRollup", unit=CITY, year=YEAR).cells}
        assert cells["applications.received.total"] == 2, cells
        print(f"{CITY} in {YEAR}: {cells['applications.received.total']} applications")

        report.applications.received.total = 3
        outcome, result = submit(YEAR - 1)
        rules = {finding.rule for finding in result.findings}
        assert outcome == "OUTCOME_REFUSED" and "applications.row_total" in rules, result
        print(f"{YEAR - 1}: {outcome} by {', '.join(sorted(rules))}")


if __name__ == "__main__":
    main(sys.argv[1])
