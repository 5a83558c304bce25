// Generate with buf or protoc (protoc-gen-go, protoc-gen-go-grpc) from `crossfoot proto DIR`.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	crossfootv1 "crossfoot.example/gen/crossfoot/v1"
	annualv2021 "crossfoot.example/gen/disclosure/annual/v2021"
)

func submit(address string, report *annualv2021.AnnualReport) (*crossfootv1.SubmissionResult, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	packed, err := anypb.New(report)
	if err != nil {
		return nil, err
	}
	response, err := crossfootv1.NewReportServiceClient(connection).SubmitReport(context.Background(), &crossfootv1.SubmitReportRequest{
		Series: &crossfootv1.SeriesName{Unit: "371003", Year: 2024, Coverage: crossfootv1.Coverage_COVERAGE_CONSOLIDATED},
		Report: packed,
	})
	return response.GetResult(), err
}

func main() {
	result, err := submit(os.Args[1], &annualv2021.AnnualReport{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Outcome, result.Reason, len(result.Findings), "findings")
}
