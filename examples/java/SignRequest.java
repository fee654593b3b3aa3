import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs requests with the standard library of Java 17. */
public final class SignRequest {
    private SignRequest() {}

    /**
     * Returns the three headers. The target is the path with its query: it and the body are exactly what is sent.
     * The timestamp is in Unix seconds: Long.toString(Instant.now().getEpochSecond()).
     */
    public static Map<String, String> sign(
            String keyId, String secret, String timestamp, String method, String target, byte[] body)
            throws GeneralSecurityException {
        int at = target.indexOf('?');
        String path = at < 0 ? target : target.substring(0, at);
        String query = at < 0 ? "" : target.substring(at + 1);
        String bodyHash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        String canonical = String.join("\n", timestamp, method.toUpperCase(Locale.ROOT), path, query, bodyHash);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        byte[] signature = mac.doFinal(canonical.getBytes(StandardCharsets.UTF_8));
        return Map.of(
                "X-CPG-Key", keyId,
                "X-CPG-Timestamp", timestamp,
                "X-CPG-Signature", HexFormat.of().formatHex(signature));
    }
}
