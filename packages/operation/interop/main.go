// Drives the original, cloudeng.io/file/checkpoint, so that files and speed can be compared.
//
//	write DIR LABEL...     one checkpoint for each label, its payload the label; prints the ids
//	read DIR               prints the latest payload, then each id of the arguments with its payload
//	bench DIR BYTES REPS   microseconds of each Checkpoint, one on each line
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"cloudeng.io/file/checkpoint"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: interop write|read|bench DIR ...")
	}
	op := checkpoint.NewDirectoryOperation()
	if err := op.Init(ctx, args[1]); err != nil {
		return err
	}
	switch args[0] {
	case "write":
		return write(ctx, op, args[2:])
	case "read":
		return read(ctx, op, args[2:])
	case "bench":
		return bench(ctx, op, args[2:])
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func write(ctx context.Context, op checkpoint.Operation, labels []string) error {
	for _, label := range labels {
		id, err := op.Checkpoint(ctx, label, []byte(label))
		if err != nil {
			return err
		}
		fmt.Println(id)
	}
	return nil
}

func read(ctx context.Context, op checkpoint.Operation, ids []string) error {
	latest, err := op.Latest(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%q\n", latest)
	for _, id := range ids {
		data, err := op.Load(ctx, id)
		if err != nil {
			return err
		}
		fmt.Printf("%q\n", data)
	}
	return nil
}

func bench(ctx context.Context, op checkpoint.Operation, args []string) error {
	size, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	reps, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	data := make([]byte, size)
	for i := 0; i < reps; i++ {
		data[0], data[1] = byte(i), byte(i>>8)
		start := time.Now()
		if _, err := op.Checkpoint(ctx, "", data); err != nil {
			return err
		}
		fmt.Println(float64(time.Since(start).Nanoseconds()) / 1000)
	}
	return nil
}
