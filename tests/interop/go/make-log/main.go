// Command make-log writes a made-up log into a folder, to try the verifiers on without a server:
// OUT/log, OUT/vkey, OUT/old (the checkpoint of a smaller size), OUT/N.receipt.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"interop/testlog"
)

func main() {
	size := flag.Int("size", 1000, "batches in the log")
	old := flag.Int("old", 300, "batches at the older checkpoint")
	seed := flag.Int64("seed", 1, "of the records and the key")
	flag.Parse()
	if flag.NArg() != 1 || *old > *size || *old < 1 {
		log.Fatal("usage: make-log [-size N] [-old N] [-seed N] OUT")
	}
	if err := write(flag.Arg(0), *size, *old, *seed); err != nil {
		log.Fatal(err)
	}
}

func write(out string, size, old int, seed int64) error {
	made, err := testlog.New("log.example/made", seed)
	if err != nil {
		return err
	}
	made.Append(old)
	if err := made.Write(filepath.Join(out, "log")); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(out, "log", "checkpoint"), filepath.Join(out, "old")); err != nil {
		return err
	}
	made.Append(size - old)
	if err := made.Write(filepath.Join(out, "log")); err != nil {
		return err
	}
	for _, number := range []int{0, old, size - 1} {
		receipt, err := made.Receipt(number, 0)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, fmt.Sprintf("%d.receipt", number)), receipt, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(out, "vkey"), []byte(made.VKey+"\n"), 0o644)
}
