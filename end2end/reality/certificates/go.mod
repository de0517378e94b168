// Certificates for one run, made with nothing but the standard library.
module reality/certificates

go 1.26.0
