// The driver makes and restores checkpoints with the original's own code.
//
//	driver create  <dir> <chunk size> <threads>   entries on stdin; checkpoint in <dir>
//	driver restore <dir> <version> <root hash>    entries on stdout
//	driver bench   <entries>                      speeds on stdout
//
// An entry is one line: hex key, a space, hex value.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/oasisprotocol/oasis-core/go/common"
	"github.com/oasisprotocol/oasis-core/go/common/cbor"
	"github.com/oasisprotocol/oasis-core/go/storage/mkvs"
	"github.com/oasisprotocol/oasis-core/go/storage/mkvs/checkpoint"
	dbApi "github.com/oasisprotocol/oasis-core/go/storage/mkvs/db/api"
	"github.com/oasisprotocol/oasis-core/go/storage/mkvs/db/pathbadger"
	"github.com/oasisprotocol/oasis-core/go/storage/mkvs/node"
)

var (
	ctx = context.Background()
	ns  = common.NewTestNamespaceFromSeed([]byte("oasis mkvs checkpoint test ns"), 0)
)

func main() {
	if len(os.Args) < 2 {
		panic("usage: driver create|restore|bench ...")
	}
	switch os.Args[1] {
	case "create":
		create(os.Args[2], number(os.Args[3]), uint16(number(os.Args[4])))
	case "restore":
		restore(os.Args[2], os.Args[3], os.Args[4])
	case "bench":
		bench(int(number(os.Args[2])))
	}
}

func create(dir string, chunkSize uint64, threads uint16) {
	ndb, done := openDb()
	defer done()
	tree := mkvs.New(nil, ndb, node.RootTypeState)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), " ")
		check(tree.Insert(ctx, unhex(key), unhex(value)))
	}
	_, rootHash, err := tree.Commit(ctx, ns, 1)
	check(err)
	root := node.Root{Namespace: ns, Version: 1, Type: node.RootTypeState, Hash: rootHash}
	creator, err := checkpoint.NewFileCreator(dir, ndb)
	check(err)
	metadata, err := creator.CreateCheckpoint(ctx, root, chunkSize, threads)
	check(err)
	fmt.Println(rootHash.Hex(), metadata.EncodedHash().Hex())
}

func restore(dir, version, rootHash string) {
	ndb, done := openDb()
	defer done()
	home := filepath.Join(dir, version, rootHash)
	raw, err := os.ReadFile(filepath.Join(home, "meta"))
	check(err)
	var metadata checkpoint.Metadata
	check(cbor.Unmarshal(raw, &metadata))
	restoreInto(ndb, &metadata, func(i int) []byte {
		chunk, err := os.ReadFile(filepath.Join(home, "chunks", strconv.Itoa(i)))
		check(err)
		return chunk
	})
	tree := mkvs.NewWithRoot(nil, ndb, metadata.Root)
	defer tree.Close()
	it := tree.NewIterator(ctx)
	defer it.Close()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for it.Rewind(); it.Valid(); it.Next() {
		fmt.Fprintln(out, hex.EncodeToString(it.Key()), hex.EncodeToString(it.Value()))
	}
	check(it.Err())
}

func restoreInto(ndb dbApi.NodeDB, metadata *checkpoint.Metadata, chunk func(int) []byte) {
	restorer, err := checkpoint.NewRestorer(ndb)
	check(err)
	check(ndb.StartMultipartInsert(metadata.Root.Version))
	check(restorer.StartRestore(ctx, metadata))
	for i := range metadata.Chunks {
		_, err = restorer.RestoreChunk(ctx, uint64(i), bytes.NewReader(chunk(i)))
		check(err)
	}
	check(ndb.Finalize([]node.Root{metadata.Root}))
}

// bench prints the seconds of processor time of insert, commit, create and restore.
func bench(count int) {
	ndb, done := openDb()
	defer done()
	tree := mkvs.New(nil, ndb, node.RootTypeState)
	keys, values := make([][]byte, count), make([][]byte, count)
	for i := range keys {
		key := sha512.Sum512([]byte("key:" + strconv.Itoa(i)))
		value := sha512.Sum512([]byte("value:" + strconv.Itoa(i)))
		keys[i], values[i] = key[:32], value[:]
	}
	start := cpu()
	for i, key := range keys {
		check(tree.Insert(ctx, key, values[i]))
	}
	insert := cpu() - start
	start = cpu()
	_, rootHash, err := tree.Commit(ctx, ns, 1)
	check(err)
	commit := cpu() - start
	root := node.Root{Namespace: ns, Version: 1, Type: node.RootTypeState, Hash: rootHash}
	check(ndb.Finalize([]node.Root{root}))
	dir, err := os.MkdirTemp("", "mkvs-bench")
	check(err)
	defer os.RemoveAll(dir)
	creator, err := checkpoint.NewFileCreator(filepath.Join(dir, "checkpoints"), ndb)
	check(err)
	start = cpu()
	metadata, err := creator.CreateCheckpoint(ctx, root, 8<<20, 0)
	check(err)
	created := cpu() - start
	target, closeTarget := openDb()
	defer closeTarget()
	start = cpu()
	restoreInto(target, metadata, func(i int) []byte {
		var chunk bytes.Buffer
		meta, err := metadata.GetChunkMetadata(uint64(i))
		check(err)
		check(creator.GetCheckpointChunk(ctx, meta, &chunk))
		return chunk.Bytes()
	})
	restored := cpu() - start
	fmt.Println(insert.Seconds(), commit.Seconds(), created.Seconds(), restored.Seconds())
}

// cpu is the processor time of this process so far, of all threads.
func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func openDb() (dbApi.NodeDB, func()) {
	dir, err := os.MkdirTemp("", "mkvs-driver")
	check(err)
	ndb, err := pathbadger.New(&dbApi.Config{
		DB:           dir,
		NoFsync:      true,
		Namespace:    ns,
		MaxCacheSize: 64 << 20,
	})
	check(err)
	return ndb, func() {
		ndb.Close()
		os.RemoveAll(dir)
	}
}

func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	check(err)
	return n
}

func unhex(text string) []byte {
	data, err := hex.DecodeString(text)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
