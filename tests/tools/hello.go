// SPDX-License-Identifier: MIT

// A Go program: goroutines on tiny stacks, raw system calls, child processes, signals.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

func main() {
	var wait sync.WaitGroup
	var lock sync.Mutex
	total := 0
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			if _, err := os.Stat("/"); err == nil {
				lock.Lock()
				total += i
				lock.Unlock()
			}
		}(i)
	}
	wait.Wait()
	fmt.Println("total", total)

	out, err := exec.Command("sh", "-c", "echo child; exit 4").Output()
	fmt.Printf("%q %v\n", out, err)

	seen := make(chan os.Signal, 1)
	signal.Notify(seen, syscall.SIGUSR1)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	fmt.Println(<-seen)

	os.WriteFile("written", []byte("text"), 0o644)
	text, err := os.ReadFile("written")
	fmt.Println(string(text), err, len(os.Args))
	_, err = os.ReadFile("/nonexistent")
	fmt.Println(err)
	os.Exit(3)
}
