// The way to the tenants' API servers by the names that Kamaji gives them; the standard library only.
module reality/gateway

go 1.26.0
