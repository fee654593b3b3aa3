import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Signs each vector of standard input with examples/java/SignRequest.java. The lines are described in sign-request.test.ts. */
final class RunVectors {
    private static String decode(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split(" ");
            byte[] body = Files.readAllBytes(Path.of(fields[4]));
            System.out.println(
                    SignRequest.sign("ck_example", decode(fields[0]), fields[1], fields[2], decode(fields[3]), body)
                            .get("X-CPG-Signature"));
        }
    }
}
