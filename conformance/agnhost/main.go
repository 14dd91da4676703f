// The part of agnhost (registry.k8s.io/e2e-test-images/agnhost) that the network policy API's conformance tests ask for:
// servers that answer on a port, and a client that says how a connection went. It speaks the beginning of SCTP by itself,
// so that it also runs where the kernel does not. As `bash -c COMMAND` it runs COMMAND, which is its own.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	words := os.Args[1:]
	if filepath.Base(os.Args[0]) == "bash" {
		words = strings.Fields(os.Args[2])[1:]
	}
	if len(words) == 0 {
		waitForEnd()
		return
	}
	command, flags := words[0], flag.NewFlagSet(words[0], flag.ExitOnError)
	switch command {
	case "serve-hostname":
		tcp, udp := flags.Bool("tcp", false, ""), flags.Bool("udp", false, "")
		flags.Bool("http", true, "")
		port := flags.Int("port", 9376, "")
		flags.Parse(words[1:])
		if *tcp {
			go serveTCP(*port)
		}
		if *udp {
			go serveUDP("", *port)
		}
	case "netexec":
		httpPort, udpPort := flags.Int("http-port", 8080, ""), flags.Int("udp-port", 8081, "")
		address := flags.String("udp-listen-addresses", "", "")
		flags.Parse(words[1:])
		go func() { log.Fatal(http.ListenAndServe(fmt.Sprintf(":%d", *httpPort), nil)) }()
		go serveUDP(*address, *udpPort)
	case "porter":
		for _, variable := range os.Environ() {
			name, _, _ := strings.Cut(variable, "=")
			if port, ok := strings.CutPrefix(name, "SERVE_SCTP_PORT_"); ok {
				number, err := strconv.Atoi(port)
				must(err)
				go serveSCTP(number)
			}
		}
	case "connect":
		timeout, protocol := flags.Duration("timeout", 0, ""), flags.String("protocol", "tcp", "")
		flags.Parse(words[1:])
		connect(*protocol, flags.Arg(0), *timeout)
		return
	default:
		log.Fatalf("unknown command %q", command)
	}
	waitForEnd()
}

func waitForEnd() {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM)
	<-ends
}

func serveTCP(port int) {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	must(err)
	for {
		connection, err := listener.Accept()
		must(err)
		connection.Write([]byte(hostname()))
		connection.Close()
	}
}

func serveUDP(address string, port int) {
	socket, err := net.ListenPacket("udp", net.JoinHostPort(address, strconv.Itoa(port)))
	must(err)
	buffer := make([]byte, 64)
	for {
		_, sender, err := socket.ReadFrom(buffer)
		must(err)
		socket.WriteTo([]byte(hostname()), sender)
	}
}

// connect ends with 0 and without a word if there is a connection, else with 1 and a word that the tests look for.
func connect(protocol, target string, timeout time.Duration) {
	deadline := time.Now().Add(timeout)
	var err error
	if protocol == "sctp" {
		err = connectSCTP(target, deadline)
	} else {
		err = connectByKernel(protocol, target, deadline)
	}
	if err == nil {
		return
	}
	word := "OTHER"
	if timed, ok := err.(net.Error); ok && timed.Timeout() {
		word = "TIMEOUT"
	} else if strings.Contains(err.Error(), "refused") {
		word = "REFUSED"
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", word, err)
	os.Exit(1)
}

func connectByKernel(protocol, target string, deadline time.Time) error {
	connection, err := net.DialTimeout(protocol, target, time.Until(deadline))
	if err != nil || protocol == "tcp" {
		return err
	}
	connection.SetDeadline(deadline)
	if _, err := connection.Write([]byte("hostname\n")); err != nil {
		return err
	}
	_, err = connection.Read(make([]byte, 64))
	return err
}

func hostname() string {
	name, err := os.Hostname()
	must(err)
	return name
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
