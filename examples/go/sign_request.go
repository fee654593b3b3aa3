// Signs requests with the standard library.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// SignRequest returns the three headers. The target is the path with its query: it and the body are exactly what is
// sent, and the timestamp is in Unix seconds: strconv.FormatInt(time.Now().Unix(), 10).
func SignRequest(keyID, secret, timestamp, method, target string, body []byte) http.Header {
	path, query, _ := strings.Cut(target, "?")
	bodyHash := sha256.Sum256(body)
	canonical := strings.Join(
		[]string{timestamp, strings.ToUpper(method), path, query, hex.EncodeToString(bodyHash[:])}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(canonical))
	return http.Header{
		"X-Cpg-Key":       {keyID},
		"X-Cpg-Timestamp": {timestamp},
		"X-Cpg-Signature": {hex.EncodeToString(mac.Sum(nil))},
	}
}
