import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.util.stream.IntStream;

/** Threads, a loopback socket, a temporary file and the security providers, which read their settings from /etc. */
public class Shelf {
    public static void main(String[] arguments) throws Exception {
        javax.net.ssl.SSLContext.getDefault();
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread client = new Thread(() -> {
                try (Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
                    socket.getOutputStream().write(7);
                } catch (java.io.IOException problem) {
                    throw new java.io.UncheckedIOException(problem);
                }
            });
            client.start();
            try (Socket connection = server.accept()) {
                check(connection.getInputStream().read() == 7);
            }
            client.join();
        }
        check(IntStream.range(0, 100_000).parallel().sum() == 704_982_704);
        Files.delete(Files.createTempFile("shelf", null));
    }

    private static void check(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }
}
