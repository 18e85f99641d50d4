// A candidate with client-go's leader election and its defaults: `leaderelection <kubeconfig>
// <namespace> <identity>`. Writes a line of JSON when it is at work, as candidate-program.ts does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func main() {
	kubeconfig, namespace, identity := os.Args[1], os.Args[2], os.Args[3]
	tell := func(event string) {
		fmt.Printf("{\"event\":%q,\"identity\":%q,\"atMs\":%d}\n", event, identity, time.Now().UnixMilli())
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		panic(err)
	}
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "operator"},
		Client:     v1.NewForConfigOrDie(config),
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	tell("starts")
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lock,
		// What controller-runtime and the components of Kubernetes use.
		LeaseDuration: 15 * time.Second,
		RenewDeadline: 10 * time.Second,
		RetryPeriod:   2 * time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				tell("acts")
				<-ctx.Done()
			},
			OnStoppedLeading: func() { tell("stopped") },
		},
	})
}
