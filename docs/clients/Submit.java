// Generate with protoc and protoc-gen-grpc-java from `crossfoot proto DIR`.
import com.google.protobuf.Any;
import io.crossfoot.disclosure.annual.v2021.AnnualReport;
import io.crossfoot.v1.Coverage;
import io.crossfoot.v1.Finding;
import io.crossfoot.v1.ReportServiceGrpc;
import io.crossfoot.v1.SeriesName;
import io.crossfoot.v1.SubmissionResult;
import io.crossfoot.v1.SubmitReportRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;

public final class Submit {
  public static void main(String[] args) {
    AnnualReport report = AnnualReport.getDefaultInstance(); // blank: refused, every cell named
    ManagedChannel channel = Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    SubmitReportRequest request = SubmitReportRequest.newBuilder()
        .setSeries(SeriesName.newBuilder().setUnit("371003").setYear(2024).setCoverage(Coverage.COVERAGE_CONSOLIDATED))
        .setReport(Any.pack(report))
        .build();
    SubmissionResult result = ReportServiceGrpc.newBlockingStub(channel).submitReport(request).getResult();
    System.out.println(result.getOutcome() + " " + result.getReason());
    for (Finding finding : result.getFindingsList()) {
      System.out.println(finding.getRule() + " " + finding.getInstance() + " " + finding.getMessageZh());
    }
    channel.shutdown();
  }
}
