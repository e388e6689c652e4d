# Booster: make run starts a name server and a broker; make test proves everything.
GO      ?= go
BIN     := bin/booster
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: build run test test-quick interop interop-docker bench soak fuzz docs dist image clean

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

interop-docker: ## the image and docker-compose.interop.yml under a Docker engine, with official clients; installs and starts one when allowed
	$(GO) test -count=1 -timeout 15m -run '^TestDocker' -v ./interop

dist: ## tar.gz, deb and rpm for amd64 and arm64 in bin/dist
	sh compat/dist/build.sh dist $(VERSION)

image: ## the image booster:VERSION for this machine; ARCHS="amd64 arm64" makes booster:VERSION-ARCH
	sh compat/dist/build.sh image $(VERSION) $(ARCHS)

bench: build ## side by side with the Java broker, ratios
	$(GO) run ./interop/bench

soak: build ## crash loops, long
	INTEROP_SOAK=1 $(GO) test -count=1 -timeout 120m -run 'Crash|Soak' -v ./interop/...

fuzz: ## every fuzz target for FUZZTIME each
	$(GO) run ./internal/testall -fuzz $(or $(FUZZTIME),30s)

docs: ## the pages that are made from the code: codes.md, settings.md
	$(GO) generate ./internal/codes
	$(GO) run ./cmd/booster config doc > docs/settings.md

clean:
	rm -rf bin data
