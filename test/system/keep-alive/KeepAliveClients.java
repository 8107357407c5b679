import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Sends requests with both HTTP clients of the JDK, each from several threads, until enough are sent and standard input
 * ends. Prints how many requests each client sent and which of them failed, as JSON. Written for JDK 11 and newer, and
 * started from this source file.
 */
final class KeepAliveClients {
  private static final Map<String, String> ENV = System.getenv();
  private static final URI TARGET = URI.create(ENV.get("URL"));
  private static final String AUTHORIZATION = "Bearer " + ENV.get("TOKEN");
  private static final int THREADS = Integer.parseInt(ENV.get("CLIENTS"));
  private static final int REQUESTS_EACH = Integer.parseInt(ENV.get("REQUESTS")) / THREADS;
  private static final int PAUSE_MS = Integer.parseInt(ENV.get("PAUSE_MS"));
  private static final int TIMEOUT_MS = 10_000;

  private interface Client {
    /** Sends one request, reads its answer to the end and returns its status. */
    int send() throws IOException, InterruptedException;
  }

  private static final class Run {
    final String name;
    final AtomicInteger sent = new AtomicInteger();
    final Queue<String> failures = new ConcurrentLinkedQueue<>();
    final List<Thread> threads = new ArrayList<>();

    Run(String name, Client client, CountDownLatch toldToEnd) {
      this.name = name;
      for (int count = 0; count < THREADS; count += 1) {
        Thread thread = new Thread(() -> sendRequests(client, toldToEnd));
        threads.add(thread);
        thread.start();
      }
    }

    private void sendRequests(Client client, CountDownLatch toldToEnd) {
      try {
        for (int own = 0; own < REQUESTS_EACH || toldToEnd.getCount() > 0; own += 1) {
          try {
            int status = client.send();
            if (status != 200) failures.add("status " + status);
          } catch (IOException error) {
            failures.add(error.toString());
          }
          sent.incrementAndGet();
          Thread.sleep(PAUSE_MS);
        }
      } catch (InterruptedException error) {
        failures.add(error.toString());
      }
    }

    String toJson() {
      String list = failures.stream().map(KeepAliveClients::quoted).collect(Collectors.joining(","));
      return quoted(name) + ":{\"sent\":" + sent + ",\"failures\":[" + list + "]}";
    }
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    CountDownLatch toldToEnd = new CountDownLatch(1);
    List<Run> runs = List.of(
        new Run("java.net.http.HttpClient", httpClient(), toldToEnd),
        new Run("java.net.HttpURLConnection", KeepAliveClients::sendWithUrlConnection, toldToEnd));
    System.in.readAllBytes();
    toldToEnd.countDown();
    for (Run run : runs) for (Thread thread : run.threads) thread.join();
    System.out.println(runs.stream().map(Run::toJson).collect(Collectors.joining(",", "{", "}")));
  }

  /** The client as it is by default: over plain HTTP each request offers an upgrade to HTTP/2. */
  private static Client httpClient() {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request = HttpRequest.newBuilder(TARGET)
        .header("authorization", AUTHORIZATION)
        .timeout(Duration.ofMillis(TIMEOUT_MS))
        .build();
    return () -> client.send(request, BodyHandlers.ofByteArray()).statusCode();
  }

  /** The JDK keeps the connection for the next request when the body was read to its end. */
  private static int sendWithUrlConnection() throws IOException {
    HttpURLConnection connection = (HttpURLConnection) TARGET.toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MS);
    connection.setReadTimeout(TIMEOUT_MS);
    connection.setRequestProperty("authorization", AUTHORIZATION);
    int status = connection.getResponseCode();
    try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      if (body != null) body.readAllBytes();
    }
    return status;
  }

  private static String quoted(String text) {
    return '"' + text.replaceAll("[\\p{Cntrl}\"\\\\]", "_") + '"';
  }
}
