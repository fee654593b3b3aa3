// Signs each vector of standard input with examples/go/sign_request.go. The lines are described in sign-request.test.ts.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
)

func decode(text string) string {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " ")
		body, err := os.ReadFile(fields[4])
		if err != nil {
			panic(err)
		}
		headers := SignRequest("ck_example", decode(fields[0]), fields[1], fields[2], decode(fields[3]), body)
		fmt.Println(headers["X-Cpg-Signature"][0])
	}
}
