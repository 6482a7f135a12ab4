// SPDX-License-Identifier: MIT
// Looks at / often, as looks.c does.
package main

import "os"

func main() {
	for i := 0; i < 200; i++ {
		if info, err := os.Stat("/"); err != nil || !info.IsDir() {
			os.Exit(1)
		}
	}
}
