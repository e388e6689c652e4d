# Booster: make run starts a name server and a broker; make test proves everything.
GO      ?= go
BIN     := bin/booster
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: docs build run test test-quick interop bench soak fuzz clean

build: ## one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/booster

run: build ## name server 9876 and broker 10911 in one process, data below ./data
	exec ./$(BIN) dev

test: ## everything that must pass, quick parts first, one line of totals at the end
	$(GO) run ./internal/testall

test-quick: ## unit, format and compat tests only
	$(GO) run ./internal/testall -quick

interop: build ## official Java and Go clients against real processes
	$(GO) test -count=1 -timeout 30m -v ./interop/...

bench: build ## side by side with the Java broker, ratios
	$(GO) run ./interop/bench

soak: build ## crash loops, long
	INTEROP_SOAK=1 $(GO) test -count=1 -timeout 120m -run 'Crash|Soak' -v ./interop/...

fuzz: ## every fuzz target for FUZZTIME each
	$(GO) run ./internal/testall -fuzz $(or $(FUZZTIME),30s)

clean:
	rm -rf bin data

docs: ## pages that are made from the code
	$(GO) run ./cmd/booster config doc > docs/settings.md
