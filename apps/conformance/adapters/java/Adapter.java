// Conformance adapter in plain Java 17 or newer, standard library only: signs, verifies and calls. See docs/adapter-protocol.md.
// Started as a source file: java Adapter.java
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.*;
import java.math.BigDecimal;
import java.net.*;
import java.net.http.*;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.*;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

@SuppressWarnings("unchecked")
public class Adapter {
    static final List<String> HEADERS = List.of("X-CPG-Key", "X-CPG-Timestamp", "X-CPG-Signature");
    static final String ORIGIN_FORM = "/(?!/)[!-\"$-\\[\\]-~]*";
    static final String KEY_ID = "[A-Za-z0-9_.-]{1,128}";
    static final String TIMESTAMP = "0|[1-9][0-9]{0,14}";
    static final String DECIMAL = "-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?";
    static final Map<String, List<String>> AMOUNTS = Map.of("balances.list", List.of("balance", "held", "available"),
        "transactions.list", List.of("amount_decimal"), "withdrawals.create", List.of("amount_decimal", "fee_decimal"),
        "withdrawals.get", List.of("amount", "fee"));
    static final int WINDOW_SECONDS = 300, MAX_SECONDS_AHEAD = 30, MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
    static final Set<String> SENT = new HashSet<>();
    static final Duration TIMEOUT = Duration.ofSeconds(8);
    static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();

    static byte[] decode(Object base64) {
        return Base64.getDecoder().decode((String) base64);
    }

    /** Path, query, hash of the body and canonical string. In JSON and here, one character is one byte on the wire. */
    static String[] stages(String timestamp, String method, String target, byte[] body) throws Exception {
        int mark = target.indexOf('?');
        String path = mark < 0 ? target : target.substring(0, mark), query = mark < 0 ? "" : target.substring(mark + 1);
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        return new String[] {path, query, hash, String.join("\n", timestamp, method, path, query, hash)};
    }

    static String signature(byte[] secret, byte[] signed) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        return HexFormat.of().formatHex(mac.doFinal(signed));
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
        return map;
    }

    static Map<String, Object> sign(Map<String, Object> command) throws Exception {
        String timestamp = command.get("now").toString(), keyId = (String) command.get("keyId");
        String method = (String) command.get("method"), target = (String) command.get("target");
        byte[] secret = decode(command.get("secretB64"));
        boolean isPossible = secret.length > 0 && keyId.matches(KEY_ID) && timestamp.matches(TIMESTAMP);
        if (!isPossible || !method.matches("[A-Za-z]+") || !target.matches(ORIGIN_FORM))
            return map("refused", "the secret is empty; or the key id, timestamp, method or target is malformed");
        String[] found = stages(timestamp, method.toUpperCase(Locale.ROOT), target, decode(command.get("bodyB64")));
        byte[] canonical = found[3].getBytes(ISO_8859_1);
        var values = List.of(keyId, timestamp, signature(secret, canonical));
        var headers = List.of(0, 1, 2).stream().map(i -> List.of(HEADERS.get(i), values.get(i))).toList();
        return map("headers", headers, "path", found[0], "query", found[1], "bodySha256", found[2],
            "canonicalB64", Base64.getEncoder().encodeToString(canonical));
    }

    static List<String> values(Map<String, Object> command, String name) {
        return ((List<List<String>>) command.get("headers")).stream()
            .filter(pair -> pair.get(0).equalsIgnoreCase(name)).map(pair -> pair.get(1)).toList();
    }

    /** The rejection of a request, with three headers, or of a delivery to a webhook, with two; empty for none. */
    static String reject(Map<String, Object> command, List<String> names) throws Exception {
        boolean isWebhook = names.size() == 2, isRepeated = false;
        for (String name : names) {
            List<String> found = values(command, name);
            if (found.isEmpty() || found.contains("")) return "401 Missing authentication headers";
            isRepeated |= found.size() > 1;
        }
        String keyId = isWebhook ? "" : values(command, HEADERS.get(0)).get(0);
        String timestamp = values(command, HEADERS.get(1)).get(0), received = values(command, HEADERS.get(2)).get(0);
        String target = (String) command.getOrDefault("target", "");
        if (isRepeated || !isWebhook && !keyId.matches(KEY_ID)) return "401 Malformed authentication headers";
        if (!isWebhook && !target.matches(ORIGIN_FORM)) return "400 Malformed request target";
        long now = ((BigDecimal) command.get("now")).longValue();
        if (!timestamp.matches(TIMESTAMP) || Math.abs(Long.parseLong(timestamp) - now) > WINDOW_SECONDS)
            return "401 Request timestamp is outside the allowed window";
        String codings = String.join(",", values(command, "Content-Encoding")).toLowerCase(Locale.ROOT);
        if (!(codings + ",").matches("(?:[ \t]*(?:identity)?[ \t]*,)*")) return "415 Content-Encoding is not supported";
        byte[] body = decode(command.get("bodyB64"));
        String method = (String) command.get("method"), delivery = timestamp + "\n" + new String(body, ISO_8859_1);
        byte[] signed = (isWebhook ? delivery : stages(timestamp, method, target, body)[3]).getBytes(ISO_8859_1);
        var list = isWebhook ? List.of(map("keyId", "", "secretB64", command.get("secretB64"))) : (List<Map<String, Object>>) command.get("keys");
        var keys = list.stream().collect(Collectors.toMap(key -> key.get("keyId"), key -> decode(key.get("secretB64"))));
        String expected = signature(keys.getOrDefault(keyId, "dummy key".getBytes(UTF_8)), signed);
        byte[] compared = (isWebhook ? received.toLowerCase(Locale.ROOT) : received).getBytes(UTF_8);
        boolean isRight = MessageDigest.isEqual(expected.getBytes(UTF_8), compared);
        return keys.containsKey(keyId) && isRight ? "" : "401 Invalid signature";
    }

    static Map<String, Object> verdict(String rejection) {
        String[] parts = rejection.split(" ", 2);
        return parts.length < 2 ? map("accepted", true) : map("accepted", false, "status", Integer.valueOf(parts[0]), "message", parts[1]);
    }

    static Map<String, Object> failure(String kind, Integer status, String message) {
        return map("ok", false, "error", map("kind", kind, "status", status, "message", message));
    }

    /** Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary. */
    static List<List<String>> signOnce(Map<String, Object> command) throws Exception {
        for (long now = System.currentTimeMillis() / 1000; ; now++) {
            Thread.sleep(Math.max(0, (now - MAX_SECONDS_AHEAD) * 1000 - System.currentTimeMillis()));
            command.put("now", now);
            var headers = (List<List<String>>) sign(command).get("headers");
            if (SENT.add(headers.get(2).get(1))) return headers;
        }
    }

    static Map<String, Object> call(Map<String, Object> command) throws Exception {
        String operation = (String) command.get("operation"), target = "/v1/" + operation.split("\\.")[0].replace("ping", "_ping");
        var args = (Map<String, Object>) command.get("args");
        boolean isPost = operation.equals("withdrawals.create");
        byte[] body = isPost ? Json.write(args).getBytes(UTF_8) : new byte[0];
        if (operation.equals("withdrawals.get")) {
            target += "/" + args.get("withdrawal_id");
            if (!target.matches("/v1/withdrawals/[1-9][0-9]{0,18}"))
                return failure("invalid_argument", null, "withdrawal_id must be a positive integer.");
        } else if (!isPost && !args.isEmpty())
            target += args.entrySet().stream().map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue().toString(), UTF_8))
                .collect(Collectors.joining("&", "?", "")).replace("+", "%20");
        Map<String, Object> request = new HashMap<>(command);
        request.putAll(map("method", isPost ? "POST" : "GET", "target", target, "bodyB64", Base64.getEncoder().encodeToString(body)));
        var builder = HttpRequest.newBuilder(URI.create(command.get("baseUrl") + target)).timeout(TIMEOUT);
        builder.method((String) request.get("method"), isPost ? HttpRequest.BodyPublishers.ofByteArray(body) : HttpRequest.BodyPublishers.noBody());
        signOnce(request).forEach(pair -> builder.header(pair.get(0), pair.get(1)));
        if (isPost) builder.header("Content-Type", "application/json");
        try {
            var response = CLIENT.send(builder.build(), HttpResponse.BodyHandlers.ofInputStream());
            return parse(operation, response.statusCode(), response.body().readNBytes(MAX_RESPONSE_BYTES + 1));
        } catch (IOException error) {
            return failure("no_response", null, "No response; the outcome is unknown: " + error.getClass().getSimpleName());
        }
    }

    static Map<String, Object> parse(String operation, int status, byte[] text) {
        Map<String, Object> envelope;
        try {
            if (text.length > MAX_RESPONSE_BYTES) return failure("unreadable_response", status, "The response is too long.");
            envelope = (Map<String, Object>) Json.read(UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString());
            if (status != 200 || envelope.get("success") != Boolean.TRUE) {
                String message = String.valueOf(envelope.get("message"));
                return failure("rejected", status, message.substring(0, Math.min(1000, message.length())));
            }
        } catch (CharacterCodingException | RuntimeException | StackOverflowError error) {
            return failure("unreadable_response", status, "The response is not an envelope.");
        }
        Object data = envelope.get("data");
        boolean isList = operation.endsWith(".list"), isReadable = data != null && isList == data instanceof List;
        for (Object row : isReadable ? isList ? (List<Object>) data : List.of(data) : List.of())
            for (String name : AMOUNTS.getOrDefault(operation, List.of())) {
                Object amount = row instanceof Map ? ((Map<String, Object>) row).get(name) : null;
                isReadable &= amount instanceof String && ((String) amount).matches(DECIMAL);
            }
        return isReadable ? map("ok", true, "data", data) : failure("unreadable_response", status, "The response has no data of the expected shape.");
    }

    static Map<String, Object> respond(Map<String, Object> command) throws Exception {
        return switch ((String) command.get("cmd")) {
            case "hello" -> map("name", "java-stdlib", "language", "java", "version", System.getProperty("java.version"),
                "roles", List.of("sign", "verify", "webhook", "call"), "caps", List.of("stages", "text-ids", "transactions"));
            case "sign" -> sign(command);
            case "verify" -> verdict(reject(command, HEADERS));
            case "verify-webhook" -> verdict(reject(command, HEADERS.subList(1, 3)));
            case "call" -> call(command);
            default -> map();
        };
    }

    public static void main(String[] argv) throws Exception {
        // Without this, Java repeats a request whose connection was closed, with its signature.
        System.setProperty("jdk.httpclient.redirects.retrylimit", "1");
        var input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        var output = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
        for (String line; (line = input.readLine()) != null; ) {
            var command = (Map<String, Object>) Json.read(line);
            Map<String, Object> response;
            try {
                response = respond(command);
            } catch (Exception error) { // Reported to the suite, and the next command still gets a response.
                response = map("error", error.getClass().getSimpleName());
            }
            response.put("id", command.get("id"));
            output.print(Json.write(response) + "\n");
            output.flush();
            if (command.get("cmd").equals("stop")) return;
        }
    }
}

/** JSON, which the standard library of Java lacks. Numbers keep their digits. */
class Json {
    static final Pattern WORD = Pattern.compile("true|false|null|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");
    private final String text;
    private int at;

    Json(String text) { this.text = text; }

    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        if (json.next() != 0) throw new IllegalArgumentException("text after the value");
        return value;
    }

    /** Skips white space; 0 at the end. */
    char next() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        return at < text.length() ? text.charAt(at) : 0;
    }

    boolean accept(char expected) {
        return next() == expected && at++ >= 0;
    }

    boolean require(char expected) {
        if (!accept(expected)) throw new IllegalArgumentException("expected " + expected);
        return true;
    }

    Object value() {
        char open = next(), close = (char) (open + 2);
        if (open == '"') return string();
        if (open == '{' || open == '[') {
            Map<String, Object> map = new LinkedHashMap<>();
            List<Object> list = new ArrayList<>();
            at++;
            for (boolean isEnd = accept(close); !isEnd; isEnd = accept(close) || !require(',')) {
                String name = open == '{' ? string() : "";
                if (open == '{' && require(':')) map.put(name, value());
                else list.add(value());
            }
            return open == '{' ? map : list;
        }
        var word = WORD.matcher(text).region(at, text.length());
        if (!word.lookingAt()) throw new IllegalArgumentException("not JSON");
        at = word.end();
        return switch (word.group()) {
            case "null" -> null;
            case "true", "false" -> word.group().equals("true");
            default -> new BigDecimal(word.group());
        };
    }

    String string() {
        StringBuilder found = new StringBuilder();
        require('"');
        for (char c; (c = text.charAt(at++)) != '"'; found.append(c)) {
            if (c < ' ') throw new IllegalArgumentException("a control character");
            if (c != '\\') continue;
            int index = "\"\\/bfnrtu".indexOf(text.charAt(at++));
            if (index < 8) c = "\"\\/\b\f\n\r\t".charAt(index);
            else c = (char) Integer.parseInt(text.substring(at, at += 4), 16);
        }
        return found.toString();
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map)
            return map.entrySet().stream().map(each -> write(each.getKey()) + ":" + write(each.getValue())).collect(Collectors.joining(",", "{", "}"));
        if (value instanceof List<?> list) return list.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
        if (!(value instanceof String text)) return String.valueOf(value);
        var escaped = text.chars().mapToObj(c -> c < ' ' || c == '"' || c == '\\' || c > 126 ? String.format("\\u%04x", c) : String.valueOf((char) c));
        return escaped.collect(Collectors.joining("", "\"", "\""));
    }
}
