// A host made of HashiCorp's own go-plugin: start the engine with AutoMTLS, check its health, and end it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type releases struct{ plugin.Plugin }

func (releases) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }
func (releases) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (interface{}, error) {
	return conn, nil
}

func must(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

func main() {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  1,
			MagicCookieKey:   "STEELYARD_PLUGIN_MAGIC_COOKIE",
			MagicCookieValue: "f2d0a52c54a5bb9f3c6a4b7d7f0ad1d4e2c35e1c9a7f4e8db0c5a6e34b1f9d07",
		},
		Plugins:          plugin.PluginSet{"releases": releases{}},
		Cmd:              exec.Command(os.Args[1], os.Args[2:]...),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Warn}),
	})
	rpc, err := client.Client()
	must(err)
	must(rpc.Ping())
	conn, err := rpc.Dispense("releases")
	must(err)
	health, err := grpc_health_v1.NewHealthClient(conn.(*grpc.ClientConn)).Check(
		context.Background(), &grpc_health_v1.HealthCheckRequest{Service: "steelyard.v1.ReleaseService"})
	must(err)
	if health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		must(fmt.Errorf("health: %v", health.Status))
	}
	client.Kill()
	if !client.Exited() {
		must(fmt.Errorf("the engine lives on"))
	}
	fmt.Println("ended well")
}
