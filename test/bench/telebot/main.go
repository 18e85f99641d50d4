// Many bots in one process with telebot. Its arguments are the API's address and the protocol; it
// answers its parent as measured.ts does, over the pipe that Node opens for messages, a line each.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	tele "gopkg.in/telebot.v4"
)

type request struct {
	Kind   string
	Tokens []string
}

// Longer than Telegram holds a poll, as telebot's own client has it.
const callTimeout = time.Minute

// Telegram's own limit.
const hold = 50 * time.Second

func main() {
	apiRoot, protocol := os.Args[1], os.Args[2]
	client := &http.Client{Timeout: callTimeout, Transport: transport(protocol)}
	messages := parent()
	lines := bufio.NewScanner(messages)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var asked request
		if json.Unmarshal(lines.Bytes(), &asked) != nil || asked.Kind == "" {
			continue // Node's own.
		}
		answer, err := json.Marshal(answerTo(asked, apiRoot, client))
		if err != nil {
			log.Fatal(err)
		}
		if _, err := messages.Write(append(answer, '\n')); err != nil {
			return
		}
	}
}

// One transport for all bots. Go keeps two idle connections a host, and would open one a poll.
func transport(protocol string) *http.Transport {
	http2 := protocol == "HTTP/2"
	shared := &http.Transport{MaxIdleConnsPerHost: 1 << 20, ForceAttemptHTTP2: http2}
	if !http2 {
		shared.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return shared
}

func parent() *os.File {
	descriptor, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	if err != nil {
		log.Fatal("started by Node, with a channel for messages")
	}
	return os.NewFile(uintptr(descriptor), "parent")
}

func answerTo(asked request, apiRoot string, client *http.Client) any {
	switch asked.Kind {
	case "add":
		for _, token := range asked.Tokens {
			go run(token, apiRoot, client)
		}
		return nil
	case "cpu":
		return cpuMicros()
	case "memory":
		runtime.GC()
		debug.FreeOSMemory()
		return map[string]int{"resident": residentBytes(), "young": 0}
	default:
		log.Fatalf("asked for %q", asked.Kind)
		return nil
	}
}

func run(token, apiRoot string, client *http.Client) {
	bot, err := tele.NewBot(tele.Settings{
		URL:    apiRoot,
		Token:  token,
		Client: client,
		Poller: &tele.LongPoller{Timeout: hold},
	})
	if err != nil {
		log.Fatal(err)
	}
	bot.Handle("/start", func(c tele.Context) error {
		return c.Send("Hello " + c.Sender().FirstName)
	})
	bot.Start()
}

func cpuMicros() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1_000
}

func residentBytes() int {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		log.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		log.Fatal(err)
	}
	return pages * os.Getpagesize()
}
