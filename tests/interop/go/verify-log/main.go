// Command verify-log checks a tlog-tiles log and receipts from it with software that nobody of this
// project wrote: golang.org/x/mod (sumdb/tlog, sumdb/note), Tessera's client and fsck, torchwood.
//
//	verify-log PLACE VKEY [OLD-CHECKPOINT-FILE]       PLACE is a URL or a folder
//	verify-log receipt FILE VKEY [WITNESS-VKEY...]    every witness named must have cosigned
//	verify-log policy FILE POLICY-FILE                a receipt, judged by a tlog-policy
//
// It prints one line, `ok: ...` or `no: ...`, and exits 0 or 1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/klog/v2"
)

func run(args []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	switch {
	case len(args) >= 3 && args[0] == "receipt":
		file, err := os.ReadFile(args[1])
		if err != nil {
			return "", err
		}
		return verifyReceipt(file, args[2], args[3:])
	case len(args) == 3 && args[0] == "policy":
		file, err := os.ReadFile(args[1])
		if err != nil {
			return "", err
		}
		policy, err := os.ReadFile(args[2])
		if err != nil {
			return "", err
		}
		return verifyByPolicy(file, policy)
	case len(args) == 2:
		return verifyLog(ctx, args[0], args[1], nil)
	case len(args) == 3:
		old, err := os.ReadFile(args[2])
		if err != nil {
			return "", err
		}
		return verifyLog(ctx, args[0], args[1], old)
	}
	return "", errors.New("usage: verify-log PLACE VKEY [OLD] | receipt FILE VKEY [WITNESS-VKEY...] | policy FILE POLICY")
}

// hush sends what Tessera logs through klog nowhere; what it finds comes back as an error all the same.
func hush() error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	return flags.Parse([]string{"-logtostderr=false", "-stderrthreshold=FATAL", "-log_file=" + os.DevNull})
}

func main() {
	err := hush()
	told := ""
	if err == nil {
		told, err = run(os.Args[1:])
	}
	if err != nil {
		fmt.Println("no:", err)
		os.Exit(1)
	}
	fmt.Println("ok:", told)
}
