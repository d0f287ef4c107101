// The two webhooks of Kubernetes's test image agnhost, which its end-to-end tests deploy. Admission is the image's own command;
// conversion is its own converter behind a listener of ours, because the command wants files at a path of the root file system
// and only a container has one of its own. The image's other commands need SCTP and are used by tests of networks.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/test/images/agnhost/crd-conversion-webhook/converter"
	admission "k8s.io/kubernetes/test/images/agnhost/webhook"
)

func main() {
	root := &cobra.Command{Use: "agnhost"}
	logging := flag.NewFlagSet("agnhost", flag.ExitOnError)
	klog.InitFlags(logging)
	root.PersistentFlags().AddGoFlagSet(logging)
	root.AddCommand(conversion(), admission.CmdWebhook)
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}

func conversion() *cobra.Command {
	var certificate, key string
	var port int
	command := &cobra.Command{
		Use: "crd-conversion-webhook",
		RunE: func(*cobra.Command, []string) error {
			http.HandleFunc("/crdconvert", converter.ServeExampleConvert)
			http.HandleFunc("/readyz", func(writer http.ResponseWriter, _ *http.Request) { fmt.Fprint(writer, "ok") })
			return http.ListenAndServeTLS(fmt.Sprintf("%s:%d", os.Getenv("POD_IP"), port), certificate, key, nil)
		},
	}
	command.Flags().StringVar(&certificate, "tls-cert-file", "", "certificate")
	command.Flags().StringVar(&key, "tls-private-key-file", "", "its key")
	command.Flags().IntVar(&port, "port", 443, "where to listen")
	return command
}
