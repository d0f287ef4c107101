// A Vault server of HashiCorp's own core, HTTP API and engines, with those engines only that the platform uses: the released program
// with all its plugins and its web page takes a quarter of an hour to build. Arguments: a folder for its storage, and where to listen.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"
	_ "unsafe" // for go:linkname

	log "github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/transit"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/vault"
)

// Paths that answer "enterprise only". The published release of the framework refuses the way in which they are written; the release
// of the server, which was built with another one beside it, did not.
//
//go:linkname enterprisePaths github.com/hashicorp/vault/vault.entPaths
var enterprisePaths func(*vault.SystemBackend) []*framework.Path

func main() {
	enterprisePaths = func(*vault.SystemBackend) []*framework.Path { return nil }
	if len(os.Args) != 3 {
		fail(errors.New("usage: vault FOLDER HOST:PORT"))
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func serve(folder, address string) error {
	logger := log.New(&log.LoggerOptions{Level: log.Warn, Output: os.Stderr})
	storage, err := file.NewFileBackend(map[string]string{"path": folder}, logger)
	if err != nil {
		return err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:     storage,
		StorageType:  "file",
		Logger:       logger,
		DisableMlock: true,
		LogicalBackends: map[string]logical.Factory{
			"kv":      kv.Factory,
			"transit": plain(transit.Factory),
		},
		CredentialBackends: map[string]logical.Factory{
			"approle": approle.Factory,
		},
		BuiltinRegistry: plugins{},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core:           core,
			ListenerConfig: &configutil.Listener{Type: "tcp", Address: address, MaxRequestSize: 32 << 20},
		}),
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		_ = core.Shutdown()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// As the release's own framework did, a path without a check of existence is updated, and never created; the published one refuses it.
func plain(factory logical.Factory) logical.Factory {
	return func(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
		engine, err := factory(ctx, config)
		if err != nil {
			return nil, err
		}
		inside, ok := reflect.ValueOf(engine).Elem().FieldByName("Backend").Interface().(*framework.Backend)
		if !ok {
			return nil, errors.New("an engine is built otherwise than it was")
		}
		for _, path := range inside.Paths {
			if path.ExistenceCheck == nil {
				delete(path.Operations, logical.CreateOperation)
				delete(path.Callbacks, logical.CreateOperation)
			}
		}
		return engine, nil
	}
}

// Engines that are no part of the program: none.
type plugins struct{}

func (plugins) Contains(string, consts.PluginType) bool                   { return false }
func (plugins) Get(string, consts.PluginType) (func() (any, error), bool) { return nil, false }
func (plugins) Keys(consts.PluginType) []string                           { return nil }
func (plugins) IsBuiltinEntPlugin(string, consts.PluginType) bool         { return false }
func (plugins) DeprecationStatus(string, consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Unknown, false
}
