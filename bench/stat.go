// SPDX-License-Identifier: MIT

// stat(2) of a file in a loop, by Go's own way to the kernel: prints "NAME NANOSECONDS".
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

func main() {
	var st syscall.Stat_t
	const slice = 100 * time.Millisecond
	count, start := 0, time.Now()
	for ; time.Since(start) < slice; count++ {
		if err := syscall.Stat(os.Args[2], &st); err != nil {
			panic(err)
		}
	}
	fmt.Printf("%s %d\n", os.Args[1], time.Since(start).Nanoseconds()/int64(count))
}
