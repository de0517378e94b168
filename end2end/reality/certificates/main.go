// Command certificates makes the certificate authorities, certificates and keys of one reality cluster in a folder.
//
// It is Go because whoever runs the cluster has Go, and its standard library writes the one odd thing that is needed:
// Kamaji v1.0.0 reads the DataStore's CA key as PKCS#1 only.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime is longer than anybody leaves such a cluster running.
const lifetime = 90 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// request is one certificate to make: by whom it is signed, whom it names, and what it is for.
type request struct {
	file    string
	by      *authority
	subject pkix.Name
	names   []string
	usages  []x509.ExtKeyUsage
}

var (
	client = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	server = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: certificates FOLDER")
		os.Exit(2)
	}
	if err := makeAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "certificates:", err)
		os.Exit(1)
	}
}

func makeAll(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	cluster, err := newAuthority(folder, "ca")
	if err != nil {
		return err
	}
	store, err := newAuthority(folder, "etcd-ca")
	if err != nil {
		return err
	}
	webhook, err := newAuthority(folder, "webhook-ca")
	if err != nil {
		return err
	}
	masters := func(name string) pkix.Name {
		return pkix.Name{CommonName: name, Organization: []string{"system:masters"}}
	}
	loopback := []string{"localhost", "127.0.0.1"}
	for _, wanted := range []request{
		{"apiserver", cluster, pkix.Name{CommonName: "kube-apiserver"}, append(loopback, "kubernetes.default.svc", "10.96.0.1"), server},
		{"admin", cluster, masters("admin"), nil, client},
		{"kube-controller-manager", cluster, pkix.Name{CommonName: "system:kube-controller-manager"}, nil, client},
		{"kube-scheduler", cluster, pkix.Name{CommonName: "system:kube-scheduler"}, nil, client},
		{"kwok", cluster, masters("kwok"), nil, client},
		{"kamaji", cluster, masters("kamaji"), nil, client},
		{"etcd-server", store, pkix.Name{CommonName: "etcd"}, loopback, append(client, server...)},
		{"etcd-client", store, pkix.Name{CommonName: "root"}, nil, client},
		{"webhook", webhook, pkix.Name{CommonName: "kamaji-webhook"}, loopback, server},
	} {
		if err := issue(folder, wanted); err != nil {
			return err
		}
	}
	return serviceAccountKeys(folder)
}

// newAuthority makes a CA: file.crt and file.key, an RSA key as PKCS#1.
func newAuthority(folder, file string) (*authority, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: file})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if err := write(folder, file+".crt", "CERTIFICATE", der); err != nil {
		return nil, err
	}
	if err := write(folder, file+".key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)); err != nil {
		return nil, err
	}
	return &authority{certificate, key}, nil
}

// issue makes file.crt and file.key, an elliptic key as PKCS#8.
func issue(folder string, wanted request) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := newTemplate(wanted.subject)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = wanted.usages
	for _, name := range wanted.names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, wanted.by.certificate, key.Public(), wanted.by.key)
	if err != nil {
		return err
	}
	if err := write(folder, wanted.file+".crt", "CERTIFICATE", der); err != nil {
		return err
	}
	return writeKey(folder, wanted.file+".key", key)
}

// serviceAccountKeys makes what ServiceAccount tokens are signed and checked with.
func serviceAccountKeys(folder string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := write(folder, "service-accounts.pub", "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(folder, "service-accounts.key", key)
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		// Clocks are set back now and then.
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.Add(lifetime),
	}, nil
}

func writeKey(folder, file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return write(folder, file, "PRIVATE KEY", der)
}

func write(folder, file, kind string, der []byte) error {
	return os.WriteFile(filepath.Join(folder, file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
