// Conformance adapter in plain C# 7, standard library only: signs, verifies and calls. See docs/adapter-protocol.md.
// With Mono: mcs Adapter.cs && mono Adapter.exe
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Map = System.Collections.Generic.Dictionary<string, object>;
using Values = System.Collections.Generic.List<object>;

static class Adapter {
    static readonly string[] Headers = { "X-CPG-Key", "X-CPG-Timestamp", "X-CPG-Signature" };
    const string OriginForm = @"\A/(?!/)[!-""$-\[\]-~]*\z", KeyId = @"\A[A-Za-z0-9_.-]{1,128}\z", Method = @"\A[A-Za-z]+\z";
    const string Timestamp = @"\A(?:0|[1-9][0-9]{0,14})\z", Amount = @"\A-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\z";
    static readonly Dictionary<string, string[]> Amounts = new Dictionary<string, string[]> {
        ["balances.list"] = new[] { "balance", "held", "available" }, ["transactions.list"] = new[] { "amount_decimal" },
        ["withdrawals.create"] = new[] { "amount_decimal", "fee_decimal" }, ["withdrawals.get"] = new[] { "amount", "fee" },
    };
    const int WindowSeconds = 300, MaxSecondsAhead = 30, TimeoutMs = 8000, MaxResponseBytes = 16 * 1024 * 1024;
    static readonly HashSet<string> Sent = new HashSet<string>();
    static readonly Encoding Latin1 = Encoding.GetEncoding(28591), Utf8 = new UTF8Encoding(false, true);

    static byte[] Decode(object base64) => Convert.FromBase64String((string)base64);

    static string Hex(byte[] bytes) => string.Concat(bytes.Select(each => each.ToString("x2")));

    /// Path, query, hash of the body and canonical string. In JSON and here, one character is one byte on the wire.
    static string[] Stages(string timestamp, string method, string target, byte[] body) {
        var parts = target.Split(new[] { '?' }, 2);
        var query = parts.Length > 1 ? parts[1] : "";
        var hash = Hex(SHA256.Create().ComputeHash(body));
        return new[] { parts[0], query, hash, string.Join("\n", timestamp, method, parts[0], query, hash) };
    }

    static string Signature(byte[] secret, string signed) => Hex(new HMACSHA256(secret).ComputeHash(Latin1.GetBytes(signed)));

    static Map Sign(Map command) {
        string timestamp = command["now"].ToString(), keyId = (string)command["keyId"];
        string method = (string)command["method"], target = (string)command["target"];
        var secret = Decode(command["secretB64"]);
        var isPossible = secret.Length > 0 && Regex.IsMatch(keyId, KeyId) && Regex.IsMatch(timestamp, Timestamp);
        if (!isPossible || !Regex.IsMatch(method, Method) || !Regex.IsMatch(target, OriginForm))
            return new Map { ["refused"] = "the secret is empty; or the key id, timestamp, method or target is malformed" };
        var found = Stages(timestamp, method.ToUpperInvariant(), target, Decode(command["bodyB64"]));
        var values = new[] { keyId, timestamp, Signature(secret, found[3]) };
        return new Map {
            ["headers"] = Headers.Select((name, i) => (object)new Values { name, values[i] }).ToList(),
            ["path"] = found[0], ["query"] = found[1], ["bodySha256"] = found[2],
            ["canonicalB64"] = Convert.ToBase64String(Latin1.GetBytes(found[3])),
        };
    }

    static List<string> ValuesOf(Map command, string name) => ((Values)command["headers"]).Cast<Values>()
        .Where(pair => ((string)pair[0]).Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => (string)pair[1]).ToList();

    /// The rejection of a request, with three headers, or of a delivery to a webhook, with two; empty for none.
    static string Reject(Map command, string[] names) {
        bool isWebhook = names.Length == 2, isRepeated = false;
        foreach (var found in names.Select(name => ValuesOf(command, name))) {
            if (found.Count == 0 || found.Contains("")) return "401 Missing authentication headers";
            isRepeated |= found.Count > 1;
        }
        var keyId = isWebhook ? "" : ValuesOf(command, Headers[0])[0];
        string timestamp = ValuesOf(command, Headers[1])[0], received = ValuesOf(command, Headers[2])[0];
        if (isRepeated || !isWebhook && !Regex.IsMatch(keyId, KeyId)) return "401 Malformed authentication headers";
        if (!isWebhook && !Regex.IsMatch((string)command["target"], OriginForm)) return "400 Malformed request target";
        var now = long.Parse(command["now"].ToString());
        if (!Regex.IsMatch(timestamp, Timestamp) || Math.Abs(long.Parse(timestamp) - now) > WindowSeconds)
            return "401 Request timestamp is outside the allowed window";
        var codings = string.Join(",", ValuesOf(command, "Content-Encoding")).ToLowerInvariant() + ",";
        if (!Regex.IsMatch(codings, @"\A(?:[ \t]*(?:identity)?[ \t]*,)*\z")) return "415 Content-Encoding is not supported";
        var body = Decode(command["bodyB64"]);
        var signed = isWebhook ? timestamp + "\n" + Latin1.GetString(body)
            : Stages(timestamp, (string)command["method"], (string)command["target"], body)[3];
        var keys = isWebhook ? new Map { [""] = command["secretB64"] }
            : ((Values)command["keys"]).Cast<Map>().ToDictionary(key => (string)key["keyId"], key => key["secretB64"]);
        var isKnown = keys.TryGetValue(keyId, out var secret);
        var expected = Signature(Decode(secret ?? ""), signed);
        return isKnown && IsEqual(expected, isWebhook ? received.ToLowerInvariant() : received) ? "" : "401 Invalid signature";
    }

    /// Takes the same time wherever two texts of one length differ.
    static bool IsEqual(string one, string other) =>
        one.Length == other.Length && one.Zip(other, (a, b) => a ^ b).Aggregate(0, (sum, each) => sum | each) == 0;

    static Map Verdict(string rejection) {
        if (rejection == "") return new Map { ["accepted"] = true };
        var parts = rejection.Split(new[] { ' ' }, 2);
        return new Map { ["accepted"] = false, ["status"] = int.Parse(parts[0]), ["message"] = parts[1] };
    }

    static Map Failure(string kind, int? status, string message) =>
        new Map { ["ok"] = false, ["error"] = new Map { ["kind"] = kind, ["status"] = status, ["message"] = message } };

    /// Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary.
    static List<Values> SignOnce(Map command) {
        for (var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds(); ; now++) {
            var wait = DateTimeOffset.FromUnixTimeSeconds(now - MaxSecondsAhead) - DateTimeOffset.UtcNow;
            if (wait > TimeSpan.Zero) Thread.Sleep(wait);
            command["now"] = now;
            var headers = ((Values)Sign(command)["headers"]).Cast<Values>().ToList();
            if (Sent.Add((string)headers[2][1])) return headers;
        }
    }

    static Map Call(Map command) {
        string operation = (string)command["operation"], target = "/v1/" + operation.Split('.')[0].Replace("ping", "_ping");
        var args = (Map)command["args"];
        var isPost = operation == "withdrawals.create";
        var body = isPost ? Utf8.GetBytes(Json.Write(args)) : new byte[0];
        if (operation == "withdrawals.get") {
            target += "/" + args["withdrawal_id"];
            if (!Regex.IsMatch(target, @"\A/v1/withdrawals/[1-9][0-9]{0,18}\z"))
                return Failure("invalid_argument", null, "withdrawal_id must be a positive integer.");
        } else if (!isPost && args.Count > 0)
            target += "?" + string.Join("&", args.Select(each => each.Key + "=" + Encode(each.Value.ToString())));
        var unsigned = new Map(command) { ["method"] = isPost ? "POST" : "GET", ["target"] = target, ["bodyB64"] = Convert.ToBase64String(body) };
        var request = (HttpWebRequest)WebRequest.Create((string)command["baseUrl"] + target);
        request.Method = (string)unsigned["method"];
        request.Proxy = null;
        request.AllowAutoRedirect = request.KeepAlive = request.ServicePoint.Expect100Continue = false;
        request.Timeout = request.ReadWriteTimeout = TimeoutMs;
        foreach (var pair in SignOnce(unsigned)) request.Headers[(string)pair[0]] = (string)pair[1];
        try {
            if (isPost) {
                request.ContentType = "application/json";
                using (var stream = request.GetRequestStream()) stream.Write(body, 0, body.Length);
            }
            return Read(operation, (HttpWebResponse)request.GetResponse());
        } catch (WebException error) when (error.Response is HttpWebResponse response) {
            return Read(operation, response);
        } catch (Exception error) when (error is WebException || error is IOException || error is InvalidOperationException) {
            return Failure("no_response", null, "No response; the outcome is unknown: " + error.GetType().Name);
        }
    }

    static string Encode(string text) => string.Concat(Utf8.GetBytes(text).Select(each =>
        Regex.IsMatch(((char)each).ToString(), @"[A-Za-z0-9_.~-]") ? ((char)each).ToString() : "%" + each.ToString("X2")));

    static Map Read(string operation, HttpWebResponse response) {
        using (response) using (var stream = response.GetResponseStream()) {
            var text = new MemoryStream();
            var part = new byte[65536];
            for (int count; text.Length <= MaxResponseBytes && (count = stream.Read(part, 0, part.Length)) > 0; ) text.Write(part, 0, count);
            var isCut = text.Length <= MaxResponseBytes && text.Length < response.ContentLength;
            if (isCut) return Failure("no_response", null, "The response is not complete; the outcome is unknown.");
            return Parse(operation, (int)response.StatusCode, text.ToArray());
        }
    }

    static Map Parse(string operation, int status, byte[] text) {
        Map envelope = null;
        try {
            if (text.Length <= MaxResponseBytes) envelope = Json.Read(Utf8.GetString(text)) as Map;
        } catch (Exception error) when (error is FormatException || error is ArgumentException) {
        }
        if (envelope == null) return Failure("unreadable_response", status, "The response is not an envelope.");
        envelope.TryGetValue("success", out var success);
        envelope.TryGetValue("message", out var message);
        envelope.TryGetValue("data", out var data);
        var words = message as string ?? "";
        if (status != 200 || !true.Equals(success)) return Failure("rejected", status, words.Substring(0, Math.Min(1000, words.Length)));
        var isList = operation.EndsWith(".list");
        Amounts.TryGetValue(operation, out var names);
        var rows = data is Values list ? list : new Values { data };
        var isReadable = data != null && isList == data is Values && rows.All(row => (names ?? new string[0]).All(name =>
            row is Map map && map.TryGetValue(name, out var amount) && amount is string digits && Regex.IsMatch(digits, Amount)));
        if (!isReadable) return Failure("unreadable_response", status, "The response has no data of the expected shape.");
        return new Map { ["ok"] = true, ["data"] = data };
    }

    static Map Respond(Map command) {
        switch ((string)command["cmd"]) {
            case "hello": return new Map {
                ["name"] = "csharp-stdlib", ["language"] = "csharp", ["version"] = Environment.Version.ToString(),
                ["roles"] = new Values { "sign", "verify", "webhook", "call" }, ["caps"] = new Values { "stages", "text-ids", "transactions" },
            };
            case "sign": return Sign(command);
            case "verify": return Verdict(Reject(command, Headers));
            case "verify-webhook": return Verdict(Reject(command, Headers.Skip(1).ToArray()));
            case "call": return Call(command);
            default: return new Map();
        }
    }

    static void Main() {
        var input = new StreamReader(Console.OpenStandardInput(), Utf8);
        var output = new StreamWriter(Console.OpenStandardOutput(), Utf8) { AutoFlush = true, NewLine = "\n" };
        for (string line; (line = input.ReadLine()) != null; ) {
            var command = (Map)Json.Read(line);
            Map response;
            try {
                response = Respond(command);
            } catch (Exception error) { // Reported to the suite, and the next command still gets a response.
                response = new Map { ["error"] = error.GetType().Name };
            }
            response["id"] = command["id"];
            output.WriteLine(Json.Write(response));
            if ((string)command["cmd"] == "stop") Environment.Exit(0);
        }
    }
}

/// JSON, which the standard library of Mono lacks. Numbers keep their digits.
class Json {
    const int MaxDepth = 1000;
    static readonly Regex Word = new Regex(@"\G(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)");
    string text;
    int at, depth;

    /// A number, as it was written.
    class Number {
        public string Digits;
        public override string ToString() => Digits;
    }

    public static object Read(string text) {
        var json = new Json { text = text };
        var value = json.Value();
        return json.Next() == 0 ? value : throw new FormatException("text after the value");
    }

    /// Skips white space; 0 at the end.
    char Next() {
        while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
        return at < text.Length ? text[at] : (char)0;
    }

    bool Accept(char expected) => Next() == expected && at++ >= 0;

    bool Require(char expected) => Accept(expected) ? true : throw new FormatException("expected " + expected);

    object Value() {
        char open = Next(), close = (char)(open + 2);
        if (open == '"') return String();
        if (open == '{' || open == '[') {
            if (++depth > MaxDepth) throw new FormatException("too deep");
            var map = new Map();
            var list = new Values();
            at++;
            for (var isEnd = Accept(close); !isEnd; isEnd = Accept(close) || !Require(',')) {
                var name = open == '{' ? String() : "";
                if (open == '{' && Require(':')) map[name] = Value();
                else list.Add(Value());
            }
            depth--;
            return open == '{' ? (object)map : list;
        }
        var word = Word.Match(text, at);
        if (!word.Success) throw new FormatException("not JSON");
        at += word.Length;
        if (word.Value == "null") return null;
        return word.Value == "true" || word.Value == "false" ? (object)(word.Value == "true") : new Number { Digits = word.Value };
    }

    string String() {
        var found = new StringBuilder();
        for (Require('"'); at < text.Length && text[at] != '"'; at++) {
            var c = text[at];
            if (c < ' ') throw new FormatException("a control character");
            if (c == '\\' && ++at < text.Length) {
                var index = "\"\\/bfnrtu".IndexOf(text[at]);
                if (index < 0) throw new FormatException("an unknown escape");
                if (index < 8) c = "\"\\/\b\f\n\r\t"[index];
                else c = (char)int.Parse(text.Substring((at += 4) - 3, 4), NumberStyles.AllowHexSpecifier);
            }
            found.Append(c);
        }
        return Require('"') ? found.ToString() : "";
    }

    public static string Write(object value) {
        if (value is Map map) return "{" + string.Join(",", map.Select(each => Write(each.Key) + ":" + Write(each.Value))) + "}";
        if (value is Values list) return "[" + string.Join(",", list.Select(Write)) + "]";
        if (value is bool flag) return flag ? "true" : "false";
        if (!(value is string text)) return value?.ToString() ?? "null";
        return "\"" + string.Concat(text.Select(c => c < ' ' || c == '"' || c == '\\' || c > 126 ? "\\u" + ((int)c).ToString("x4") : c.ToString())) + "\"";
    }
}
