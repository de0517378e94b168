// Command gateway is the HTTP proxy through which Kamaji reaches the tenants' API servers.
//
// Kamaji calls each by the name or by the address of its Service: no resolver here knows the one, and nobody listens on the
// other. The gateway answers CONNECT with a tunnel to the address that stands in the file of that name. TLS passes through it
// untouched.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	listen := flag.String("listen", "", "address to listen on")
	names := flag.String("names", "", "folder with one file for each host; its content is HOST:PORT")
	flag.Parse()
	server := &http.Server{Addr: *listen, Handler: gateway(*names), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, "gateway:", server.ListenAndServe())
	os.Exit(1)
}

// gateway is the folder of names. A file is read anew for each tunnel, so tenants come and go while it runs.
type gateway string

func (names gateway) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodConnect {
		http.Error(answer, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	address, err := names.lookUp(request.URL.Hostname())
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	upstream, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	defer upstream.Close()
	hijacker, able := answer.(http.Hijacker)
	if !able {
		http.Error(answer, "not a connection that can be taken over", http.StatusInternalServerError)
		return
	}
	downstream, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer downstream.Close()
	if _, err := io.WriteString(downstream, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	// Either side ends the tunnel: what one has closed, the other has no use for.
	done := make(chan struct{}, 2)
	go pour(upstream, buffered, done)
	go pour(downstream, upstream, done)
	<-done
}

func pour(into io.Writer, from io.Reader, done chan<- struct{}) {
	_, _ = io.Copy(into, from)
	done <- struct{}{}
}

func (names gateway) lookUp(host string) (string, error) {
	if host != filepath.Base(host) {
		return "", fmt.Errorf("%q is no host name", host)
	}
	content, err := os.ReadFile(filepath.Join(string(names), host))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("no API server is known as %q", host)
	}
	return strings.TrimSpace(string(content)), err
}
