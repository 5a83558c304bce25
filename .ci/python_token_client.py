"""A client with and without the right token.

Usage: python_token_client.py ADDR TOKEN_FILE, the token being an operator's. Issues
tokens, and sees what each of them may: its own units and nobody else's.
"""

import sys

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from python_client import CITY, DEPARTMENT, TIMEOUT_SECONDS, YEAR, Service

NEIGHBOUR = "900000-B"


def known_protos(channel, token):
    """Asks reflection for every file behind the services; the token goes with the question."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)

    def ask(**question):
        request = reflection_pb2.ServerReflectionRequest(**question)
        return next(stub.ServerReflectionInfo(iter([request]), timeout=TIMEOUT_SECONDS, metadata=metadata))

    services = [service.name for service in ask(list_services="").list_services_response.service]
    pool, waiting, files = descriptor_pool.DescriptorPool(), [], {}
    for service in services:
        waiting += ask(file_containing_symbol=service).file_descriptor_response.file_descriptor_proto
    while waiting:
        file = FileDescriptorProto.FromString(waiting.pop())
        if file.name not in files:
            files[file.name] = file
            for name in file.dependency:
                waiting += ask(file_by_filename=name).file_descriptor_response.file_descriptor_proto

    def add(name):
        file = files.pop(name, None)
        if file is not None:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(files):
        add(name)
    return pool


def refused(code, call, *arguments, **fields):
    """Expects a refusal; gives what it says."""
    try:
        call(*arguments, **fields)
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error.details()
    raise AssertionError(f"not refused: {arguments} {fields}")


def main(address, token_file):
    with open(token_file, encoding="ascii") as file:
        operator_token = file.read().strip()
    with grpc.insecure_channel(address) as channel:
        told = refused(grpc.StatusCode.UNAUTHENTICATED, known_protos, channel, None)
        print(f"without a token: {told}")
        pool = known_protos(channel, operator_token)

        def service(name, token):
            return Service(channel, pool, f"crossfoot.v1.{name}", token)

        operator = service("AdminService", operator_token)

        def issue(principal, role, reach, unit):
            grant = {"role": f"ROLE_{role}", "reach": f"REACH_{reach}", "unit": unit}
            issued = operator.call("IssueToken", principal=principal, grants=[grant])
            return issued.token.id, issued.secret

        _, office = issue("office", "OFFICE", "EVERYTHING", "")
        number, agency = issue("agency", "SUBMITTER", "UNIT", DEPARTMENT)
        units = [
            {"code": CITY, "kind": "UNIT_KIND_PREFECTURE_CITY", "name": "示例市人民政府", "from_year": 2021},
            {"code": DEPARTMENT, "parent": CITY, "kind": "UNIT_KIND_DEPARTMENT", "name": "示例市财政局", "from_year": 2021},
            {"code": NEIGHBOUR, "parent": CITY, "kind": "UNIT_KIND_DEPARTMENT", "name": "示例市审计局", "from_year": 2021},
        ]
        denied, unknown = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED
        refused(denied, service("UnitService", agency).call, "ApplyUnits", units=units)
        service("UnitService", office).call("ApplyUnits", units=units)

        rollups = service("RollupService", agency)
        assert rollups.call("GetRollup", unit=DEPARTMENT, year=YEAR).unit == DEPARTMENT
        words = {refused(denied, rollups.call, "GetRollup", unit=unit, year=YEAR) for unit in (CITY, NEIGHBOUR, "nobody")}
        assert len(words) == 1, words
        print(f"of other units: {words.pop()}")
        refused(denied, service("RollupService", operator_token).call, "GetRollup", unit=DEPARTMENT, year=YEAR)
        wrong = agency[:-1] + ("0" if agency[-1] != "0" else "1")
        refused(unknown, service("RollupService", wrong).call, "GetRollup", unit=DEPARTMENT, year=YEAR)
        operator.call("RevokeToken", id=number, reason="example")
        refused(unknown, rollups.call, "GetRollup", unit=DEPARTMENT, year=YEAR)
        print("after its revocation the token is of no use")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
