// The reference implementation of notes and tree proofs, driven over standard input and output.
package main

import (
	"bytes"
	"fmt"
	"io/ioutil"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	switch os.Args[1] {
	case "cosign":
		cosign(os.Args[2], os.Args[3])
	case "checkpoint":
		checkpoint(os.Args[2])
	case "proofs":
		proofs(os.Args[2])
	case "check":
		check()
	}
}

// cosign opens the note that was read by the one key, and prints it signed by the other as well.
func cosign(verifierKey, signerKey string) {
	opened := open(verifierKey)
	signer, err := note.NewSigner(signerKey)
	must(err)
	signed, err := note.Sign(opened, signer)
	must(err)
	os.Stdout.Write(signed)
}

// checkpoint opens the note that was read, and prints the tree head that it parses to.
func checkpoint(verifierKey string) {
	tree, err := tlog.ParseTree([]byte(open(verifierKey).Text))
	must(err)
	fmt.Printf("%d %v\n", tree.N, tree.Hash)
}

// proofs prints the root at every size, and a proof for every entry and every earlier size.
func proofs(count string) {
	total, err := strconv.ParseInt(count, 10, 64)
	must(err)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for size := int64(1); size <= total; size++ {
		hashes, err := tlog.StoredHashes(size-1, []byte(fmt.Sprintf("entry %d", size-1)), reader)
		must(err)
		stored = append(stored, hashes...)
		root, err := tlog.TreeHash(size, reader)
		must(err)
		fmt.Printf("root %d %v\n", size, root)
		for other := int64(0); other < size; other++ {
			record, err := tlog.ProveRecord(size, other, reader)
			must(err)
			line("record", size, other, record)
			tree, err := tlog.ProveTree(size, other+1, reader)
			must(err)
			line("tree", size, other+1, tree)
		}
	}
}

func line(kind string, size, other int64, hashes []tlog.Hash) {
	fmt.Printf("%s %d %d", kind, size, other)
	for _, hash := range hashes {
		fmt.Printf(" %v", hash)
	}
	fmt.Println()
}

// check reads lines of a kind, two sizes, two hashes and a proof, and prints for each whether it holds.
func check() {
	input, err := ioutil.ReadAll(os.Stdin)
	must(err)
	for _, text := range bytes.Split(bytes.TrimSpace(input), []byte("\n")) {
		fields := bytes.Fields(text)
		size, err := strconv.ParseInt(string(fields[1]), 10, 64)
		must(err)
		other, err := strconv.ParseInt(string(fields[2]), 10, 64)
		must(err)
		var hashes []tlog.Hash
		for _, field := range fields[3:] {
			hash, err := tlog.ParseHash(string(field))
			must(err)
			hashes = append(hashes, hash)
		}
		if string(fields[0]) == "record" {
			err = tlog.CheckRecord(hashes[2:], size, hashes[0], other, hashes[1])
		} else {
			err = tlog.CheckTree(hashes[2:], size, hashes[0], other, hashes[1])
		}
		fmt.Println(err == nil)
	}
}

func open(verifierKey string) *note.Note {
	input, err := ioutil.ReadAll(os.Stdin)
	must(err)
	verifier, err := note.NewVerifier(verifierKey)
	must(err)
	opened, err := note.Open(input, note.VerifierList(verifier))
	must(err)
	return opened
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
