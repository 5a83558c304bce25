# pip install grpcio grpcio-tools; crossfoot proto proto
# python -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. $(cd proto && find . -name '*.proto')
import sys

import grpc
from crossfoot.v1 import report_pb2, report_service_pb2, report_service_pb2_grpc
from disclosure.annual.v2021 import annual_report_pb2


def state_every_cell(message):
    """Absent is not zero: state 0 in every figure that is not set."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None:
            state_every_cell(getattr(message, field.name))
        elif not message.HasField(field.name):
            setattr(message, field.name, 0)


report = annual_report_pb2.AnnualReport()
for row in (report.applications.received, report.applications.outcomes.granted, report.applications.outcomes.total):
    row.natural_person = row.total = 2
for section in (report.proactive, report.applications, report.disputes):
    state_every_cell(section)

request = report_service_pb2.SubmitReportRequest(
    series=report_pb2.SeriesName(unit="371003", year=2024, coverage=report_pb2.COVERAGE_CONSOLIDATED))
request.report.Pack(report)
with grpc.insecure_channel(sys.argv[1]) as channel:
    result = report_service_pb2_grpc.ReportServiceStub(channel).SubmitReport(request).result
print(report_pb2.Outcome.Name(result.outcome), result.receipt.position)
for finding in result.findings:
    print(finding.rule, finding.instance, finding.message_zh)
