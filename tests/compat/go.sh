#!/bin/sh
# SPDX-License-Identifier: MIT
# go: a module built, vetted, tested with the race detector; goroutines, signals, faults as panics, an HTTP server.
# needs: go gcc
# limit: 600
. "$TOP/tests/compat/lib.sh"
export GOFLAGS=-mod=mod GOPROXY=off GOCACHE=$TMPDIR/cache GOTOOLCHAIN=local
mkdir m && cd m || exit 1
cat >main.go <<'END'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func Sum(n int) int {
	s := 0
	for i := 0; i <= n; i++ {
		s += i
	}
	return s
}

func goroutines() {
	var wait sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := 0; i < 1000; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			if f, err := os.Open("."); err == nil {
				f.Close()
			}
			lock.Lock()
			total += Sum(i)
			lock.Unlock()
		}(i)
	}
	wait.Wait()
	runtime.GC()
	fmt.Println("goroutines", total)
}

func processes() {
	out, err := exec.Command("sh", "-c", "echo sub; exit 3").Output()
	fmt.Printf("%s%v\n", out, err)
	_, err = exec.Command("/nonexistent").Output()
	fmt.Println(err)
	child := exec.Command("sleep", "100")
	child.Start()
	child.Process.Signal(syscall.SIGTERM)
	fmt.Println(child.Wait())
}

func signals() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-c)
}

func faults() {
	try := func(f func()) {
		defer func() { fmt.Println(recover()) }()
		f()
	}
	try(func() { var p *int; *p = 1 })
	try(func() { a := []int{}; fmt.Println(1 / len(a)) })
	try(func() { a := []int{}; fmt.Println(a[len(os.Args)]) })
}

func server() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "served ", r.URL.Path) }))
	defer s.Close()
	length := 0
	for i := 0; i < 50; i++ {
		r, err := http.Get(fmt.Sprint(s.URL, "/", i))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		length += len(body)
	}
	fmt.Println("http", length)
}

func main() {
	goroutines()
	processes()
	signals()
	faults()
	server()
	go func() {
		for {
		}
	}()
	time.Sleep(50 * time.Millisecond)
	runtime.GC() // stops the loop above by a signal
	names, _ := filepath.Glob("*")
	fmt.Println(names)
	exe, _ := os.Executable()
	fmt.Println(filepath.Base(exe))
	os.Exit(9)
}
END
cat >main_test.go <<'END'
package main

import "testing"

func TestSum(t *testing.T) {
	if Sum(10) != 55 {
		t.Fatal("bad")
	}
	t.Log(t.TempDir() != "")
}

func TestParallel(t *testing.T) {
	for i := 0; i < 20; i++ {
		t.Run("", func(t *testing.T) { t.Parallel(); Sum(1000000) })
	}
}

func BenchmarkSum(b *testing.B) {
	for i := 0; i < b.N; i++ {
		Sum(10)
	}
}
END
# untimed COMMAND...: without the seconds
untimed() {
	"$@" >untimed.out 2>&1
	status=$?
	sed 's/(*[0-9.]*s)*$//; s/[0-9.]* ns.op//; s/^\(BenchmarkSum[-0-9]*\).*/\1/; /^cpu:/d' untimed.out
	return $status
}
check version sh -c 'go version | cut -d " " -f 1-2'
check init go mod init example.org/m
check build go build -o prog .
exits 9 run ./prog
check test untimed go test ./...
check verbose sh -c 'go test -v -count=1 ./... | grep -c PASS'
check race untimed go test -race -count=1 ./...
check bench untimed go test -bench . -benchtime 100x
check vet go vet
check fmt gofmt -d .
check list go list -deps .
exits 1 'go run' sh -c 'go run . 2>&1 | tail -n 3; exit 1'
exits 1 'no network' sh -c 'go get example.org/none 2>&1 | tail -n 1; exit 1'
echo 'package main; func main() { var x int = "no" }' >bad.go
exits 2 'compile error' sh -c 'go build bad.go; exit 2'
echo 'package main; import "runtime/debug"; func f() { f() }; func main() { debug.SetMaxStack(1<<20); f() }' >bad.go
exits 2 deep sh -c 'go build -o deep bad.go && ./deep 2>&1 | grep stack.exceeds; exit 2'
