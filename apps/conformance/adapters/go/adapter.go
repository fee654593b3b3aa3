// Conformance adapter in plain Go, standard library only: signs, verifies and calls. See docs/adapter-protocol.md.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const windowSeconds, maxSecondsAhead, maxResponseBytes = 300, 30, 16 * 1024 * 1024

var (
	headers    = []string{"X-CPG-Key", "X-CPG-Timestamp", "X-CPG-Signature"}
	originForm = regexp.MustCompile(`^/(?:[!-"$-.0-\[\]-~][!-"$-\[\]-~]*)?$`)
	keyID      = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	timestamps = regexp.MustCompile(`^(?:0|[1-9][0-9]{0,14})$`)
	methods    = regexp.MustCompile(`^[A-Za-z]+$`)
	ids        = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	encodings  = regexp.MustCompile(`^(?:[ \t]*(?:identity)?[ \t]*(?:,|$))*$`)
	decimals   = regexp.MustCompile(`^"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"$`)
	amounts    = map[string][]string{"balances.list": {"balance", "held", "available"}, "transactions.list": {"amount_decimal"},
		"withdrawals.create": {"amount_decimal", "fee_decimal"}, "withdrawals.get": {"amount", "fee"}}
	sent = map[string]bool{}
	// Without a proxy, redirects, or connections that are used again: Go would repeat a request on those, with its signature.
	transport = &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	redirect  = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client    = &http.Client{Timeout: 8 * time.Second, Transport: transport, CheckRedirect: redirect}
)

type object = map[string]any

type key struct {
	KeyID  string `json:"keyId"`
	Secret []byte `json:"secretB64"`
}

type command struct {
	Cmd, ID, Method, Target, BaseURL, Operation string
	Now                                         int64
	Body                                        []byte `json:"bodyB64"`
	key
	Headers [][2]string
	Keys    []key
	Args    json.RawMessage
}

// In JSON, one character of a target or header is one byte on the wire.
func toBytes(text string) string {
	var latin1 []byte
	for _, character := range text {
		latin1 = append(latin1, byte(character))
	}
	return string(latin1)
}

func stages(timestamp, method, target string, body []byte) (path, query, hash, canonical string) {
	path, query, _ = strings.Cut(toBytes(target), "?")
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	return path, query, hash, strings.Join([]string{toBytes(timestamp), method, path, query, hash}, "\n")
}

func signature(secret []byte, canonical string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(canonical))
	return hex.EncodeToString(mac.Sum(nil))
}

func sign(c command) object {
	timestamp := strconv.FormatInt(c.Now, 10)
	isPossible := len(c.Secret) > 0 && keyID.MatchString(c.KeyID) && timestamps.MatchString(timestamp)
	if !isPossible || !methods.MatchString(c.Method) || !originForm.MatchString(c.Target) {
		return object{"refused": "the secret is empty; or the key id, timestamp, method or target is malformed"}
	}
	path, query, hash, canonical := stages(timestamp, strings.ToUpper(c.Method), c.Target, c.Body)
	pairs := [][2]string{{headers[0], c.KeyID}, {headers[1], timestamp}, {headers[2], signature(c.Secret, canonical)}}
	return object{"headers": pairs, "path": path, "query": query, "bodySha256": hash, "canonicalB64": []byte(canonical)}
}

func values(pairs [][2]string, name string) (found []string) {
	for _, pair := range pairs {
		if strings.EqualFold(pair[0], name) {
			found = append(found, pair[1])
		}
	}
	return found
}

func isInWindow(timestamp string, now int64) bool {
	seconds, _ := strconv.ParseInt(timestamp, 10, 64)
	return timestamps.MatchString(timestamp) && seconds-now <= windowSeconds && now-seconds <= windowSeconds
}

// The rejection of a request, with three headers; of a delivery to a webhook, with two.
func reject(c command, names []string) (rejection string) {
	single, isWebhook := map[string]string{}, len(names) == 2
	for _, name := range names {
		found := values(c.Headers, name)
		for _, value := range append(found, strings.Join(found, "")) {
			if value == "" {
				return "401 Missing authentication headers"
			}
		}
		if single[name] = found[0]; len(found) > 1 {
			rejection = "401 Malformed authentication headers"
		}
	}
	id, timestamp, received := single[headers[0]], single[headers[1]], single[headers[2]]
	secret, isKnown, signed := c.Secret, isWebhook, timestamp+"\n"+string(c.Body)
	for _, each := range c.Keys {
		if each.KeyID == id {
			secret, isKnown = each.Secret, true
		}
	}
	if isWebhook {
		received = strings.ToLower(received)
	} else {
		_, _, _, signed = stages(timestamp, c.Method, c.Target, c.Body)
	}
	isRight := hmac.Equal([]byte(signature(secret, signed)), []byte(received))
	switch {
	case rejection != "":
		return rejection
	case !isWebhook && !keyID.MatchString(id):
		return "401 Malformed authentication headers"
	case !isWebhook && !originForm.MatchString(c.Target):
		return "400 Malformed request target"
	case !isInWindow(timestamp, c.Now):
		return "401 Request timestamp is outside the allowed window"
	case !encodings.MatchString(strings.ToLower(strings.Join(append(values(c.Headers, "Content-Encoding"), ""), ","))):
		return "415 Content-Encoding is not supported"
	case !isKnown || !isRight:
		return "401 Invalid signature"
	}
	return ""
}

func verdict(rejection string) object {
	if status, message, isRejected := strings.Cut(rejection, " "); isRejected {
		return object{"accepted": false, "status": json.Number(status), "message": message}
	}
	return object{"accepted": true}
}

func failure(kind string, status any, message string) object {
	return object{"ok": false, "error": object{"kind": kind, "status": status, "message": message}}
}

// Never repeats a signature: an identical request in the same second is stamped one second later, and waits if necessary.
func signOnce(c command) [][2]string {
	for c.Now = time.Now().Unix(); ; c.Now++ {
		time.Sleep(time.Until(time.Unix(c.Now-maxSecondsAhead, 0)))
		if pairs := sign(c)["headers"].([][2]string); !sent[pairs[2][1]] {
			sent[pairs[2][1]] = true
			return pairs
		}
	}
}

func call(c command) object {
	c.Method, c.Target = "GET", "/v1/"+strings.Replace(strings.Split(c.Operation, ".")[0], "ping", "_ping", 1)
	args, query := object{}, url.Values{}
	decoder := json.NewDecoder(bytes.NewReader(c.Args))
	decoder.UseNumber()
	decoder.Decode(&args)
	for name, value := range args {
		query.Set(name, fmt.Sprint(value))
	}
	if c.Operation == "withdrawals.create" {
		c.Method, c.Body = "POST", c.Args
	} else if id := query.Get("withdrawal_id"); c.Operation == "withdrawals.get" && !ids.MatchString(id) {
		return failure("invalid_argument", nil, "withdrawal_id must be a positive integer.")
	} else if c.Operation == "withdrawals.get" {
		c.Target += "/" + id
	} else if len(args) > 0 {
		c.Target += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	request, _ := http.NewRequest(c.Method, c.BaseURL, bytes.NewReader(c.Body))
	// An opaque URL is sent as it is.
	request.URL = &url.URL{Scheme: request.URL.Scheme, Host: request.URL.Host, Opaque: c.Target}
	for _, pair := range signOnce(c) {
		request.Header[pair[0]] = []string{pair[1]}
	}
	if c.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	var text []byte
	response, err := client.Do(request)
	if err == nil {
		defer response.Body.Close()
		text, err = io.ReadAll(io.LimitReader(response.Body, maxResponseBytes+1))
	}
	if err != nil {
		return failure("no_response", nil, "No complete response; the outcome is unknown.")
	}
	return parse(c.Operation, response.StatusCode, text)
}

func parse(operation string, status int, text []byte) object {
	var envelope struct {
		Success, Message any
		Data             json.RawMessage
	}
	if !utf8.Valid(text) || len(text) > maxResponseBytes || json.Unmarshal(text, &envelope) != nil {
		return failure("unreadable_response", status, "The response is not an envelope.")
	} else if status != 200 || envelope.Success != true {
		return failure("rejected", status, fmt.Sprintf("%.1000v", envelope.Message))
	}
	list, rows := envelope.Data, []map[string]json.RawMessage{}
	if !strings.HasSuffix(operation, ".list") {
		list = []byte("[" + string(envelope.Data) + "]")
	}
	isReadable := len(envelope.Data) > 0 && string(envelope.Data) != "null" && json.Unmarshal(list, &rows) == nil
	for _, row := range rows {
		for _, name := range amounts[operation] {
			isReadable = isReadable && decimals.Match(row[name])
		}
	}
	if !isReadable {
		return failure("unreadable_response", status, "The response has no data of the expected shape.")
	}
	return object{"ok": true, "data": envelope.Data}
}

func main() {
	input, output := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	hello := object{"name": "go-stdlib", "language": "go", "version": runtime.Version()}
	hello["roles"], hello["caps"] = []string{"sign", "verify", "webhook", "call"}, []string{"stages", "text-ids", "transactions"}
	commands := map[string]func(command) object{
		"hello": func(command) object { return hello }, "stop": func(command) object { return object{} },
		"sign": sign, "verify": func(c command) object { return verdict(reject(c, headers)) },
		"verify-webhook": func(c command) object { return verdict(reject(c, headers[1:])) }, "call": call,
	}
	var c command
	for input.Decode(&c) == nil {
		response := commands[c.Cmd](c)
		response["id"] = c.ID
		output.Encode(response)
		if c = (command{Cmd: c.Cmd}); c.Cmd == "stop" {
			return
		}
	}
}
