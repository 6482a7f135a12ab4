#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: go
# Go: 1000 goroutines, signals, faults turned into panics, an HTTP server, the compiler and its tests.
export GOFLAGS=-mod=mod GOPROXY=off GOCACHE=$TMPDIR/gc GOTOOLCHAIN=local
mkdir m && cd m && go mod init example.org/m 2>/dev/null
cat >main.go <<'E'
package main
import ("fmt";"os";"os/exec";"os/signal";"sync";"syscall";"net/http";"net/http/httptest";"io";"time";"runtime";"sort")
func Sum(n int) int { s:=0; for i:=0;i<=n;i++ {s+=i}; return s }
func main(){
 var wg sync.WaitGroup; var mu sync.Mutex; t:=0
 for i:=0;i<1000;i++ { wg.Add(1); go func(i int){defer wg.Done(); x:=make([]byte,1000*(i%50+1)); _ = x; f,err:=os.Open("."); if err==nil{f.Close()}; mu.Lock(); t+=Sum(i); mu.Unlock()}(i)}
 wg.Wait(); fmt.Println(t); runtime.GC()
 out,err:=exec.Command("sh","-c","echo $0 sub; exit 3").Output(); fmt.Println(string(out),err)
 c:=make(chan os.Signal,1); signal.Notify(c,syscall.SIGUSR1); syscall.Kill(os.Getpid(),syscall.SIGUSR1); fmt.Println(<-c)
 s:=httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,r *http.Request){fmt.Fprint(w,"srv "+r.URL.Path)})); for i:=0;i<20;i++{r,_:=http.Get(s.URL+"/x");b,_:=io.ReadAll(r.Body);r.Body.Close();if i==0{fmt.Println(string(b))}}; s.Close()
 func(){defer func(){fmt.Println(recover())}(); var p *int; *p=1}()
 func(){defer func(){fmt.Println(recover())}(); a:=[]int{}; z:=0; fmt.Println(1/len(a)+z)}()
 go func(){for{}}(); time.Sleep(50*time.Millisecond)
 es,_:=os.ReadDir("."); ns:=[]string{}; for _,e:=range es{ns=append(ns,e.Name())}; sort.Strings(ns); fmt.Println(ns)
 wd,_:=os.Getwd(); ex,_:=os.Executable(); fmt.Println(wd!="",ex!="")
 os.Exit(9)}
E
cat >main_test.go <<'E'
package main
import "testing"
func TestSum(t *testing.T){ if Sum(10)!=55 {t.Fatal("bad")}; t.Log(t.TempDir()!="") }
func BenchmarkSum(b *testing.B){for i:=0;i<b.N;i++{Sum(10)}}
E
go version | cut -d' ' -f1-2; go build -o prog . ; echo build $?; ./prog; echo run $?; go test ./... 2>&1 | sed 's/[0-9.]*s$//;s/(cached)//'; go vet; echo vet $?; go run . >/dev/null 2>&1; echo $?
gofmt -l .; go env GOOS
