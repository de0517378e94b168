// Command etcd is one etcd member for the length of a test run: TLS with client certificates, and no fsync, because
// nothing in it outlives the run.
package main

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}

func run() error {
	folder := flag.String("data-dir", "", "where the data stands")
	client := flag.String("listen-client-url", "", "https address for clients")
	peer := flag.String("listen-peer-url", "", "http address for other members; there are none")
	authority := flag.String("trusted-ca-file", "", "whose client certificates are let in")
	certificate := flag.String("cert-file", "", "certificate shown to clients")
	key := flag.String("key-file", "", "its key")
	flag.Parse()

	clients, err := url.Parse(*client)
	if err != nil {
		return err
	}
	peers, err := url.Parse(*peer)
	if err != nil {
		return err
	}

	config := embed.NewConfig()
	config.Dir = *folder
	config.LogLevel = "warn"
	config.UnsafeNoFsync = true
	config.ListenClientUrls = []url.URL{*clients}
	config.AdvertiseClientUrls = []url.URL{*clients}
	config.ListenPeerUrls = []url.URL{*peers}
	config.AdvertisePeerUrls = []url.URL{*peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.ClientTLSInfo.CertFile = *certificate
	config.ClientTLSInfo.KeyFile = *key
	config.ClientTLSInfo.TrustedCAFile = *authority
	config.ClientTLSInfo.ClientCertAuth = true

	member, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer member.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		return nil
	case err := <-member.Err():
		return err
	}
}
