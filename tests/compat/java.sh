#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: java javac
# Java: threads, three collectors, faults turned into exceptions, processes, sockets, signals, the interpreter.
cat >T.java <<'E'
import java.util.*; import java.util.concurrent.*; import java.nio.file.*; import java.io.*; import java.net.*;
public class T { 
 static int deep(int n){return n==0?0:1+deep(n-1);} 
 static int so(int n){return so(n+1)+1;}
 public static void main(String[] a) throws Exception {
  ExecutorService ex=Executors.newFixedThreadPool(8); List<Future<Long>> fs=new ArrayList<>();
  for(int i=0;i<32;i++){final int k=i; fs.add(ex.submit(()->{long s=0; for(int j=0;j<200000;j++){byte[] b=new byte[64+(j%100)]; s+=b.length;} return s+k;}));}
  long t=0; for(Future<Long> f:fs)t+=f.get(); System.out.println(t); ex.shutdown();
  try{String s=null; s.length();}catch(NullPointerException e){System.out.println("npe");}
  int npe=0; for(int i=0;i<20000;i++){try{ Object o=(i%2==0)?null:"x"; o.hashCode(); }catch(NullPointerException e){npe++;}} System.out.println(npe);
  try{so(0);}catch(StackOverflowError e){System.out.println("soe");}
  try{System.out.println(1/(a.length));}catch(ArithmeticException e){System.out.println("div");}
  System.gc();
  Process p=new ProcessBuilder("sh","-c","cat; exit 4").start(); p.getOutputStream().write("piped".getBytes()); p.getOutputStream().close(); System.out.println(new String(p.getInputStream().readAllBytes())+" "+p.waitFor());
  Path d=Files.createTempDirectory("x"); Files.write(d.resolve("f"),"hello".getBytes()); try(var st=Files.walk(Paths.get("."))){System.out.println(st.count());} System.out.println(Files.readString(d.resolve("f")));
  try{Files.readString(Paths.get("/nonexistent"));}catch(NoSuchFileException e){System.out.println(e.getMessage());}
  ServerSocket ss=new ServerSocket(0,5,InetAddress.getLoopbackAddress()); Thread th=new Thread(()->{try{Socket s=ss.accept(); s.getOutputStream().write("net".getBytes()); s.close();}catch(IOException e){}}); th.start();
  Socket c=new Socket(InetAddress.getLoopbackAddress(),ss.getLocalPort()); System.out.println(new String(c.getInputStream().readAllBytes())); th.join();
  Runtime.getRuntime().addShutdownHook(new Thread(()->System.out.println("hook")));
  System.out.println(ProcessHandle.current().info().command().get().replaceAll(".*/","")); 
  System.exit(6);
 }}
E
javac T.java; echo javac $?; java -Xmx256m T; echo java $?; java -XX:+UseParallelGC T >/dev/null; echo $?; java -XX:+UseZGC -Xmx256m T >/dev/null; echo $?; java -Xint T; echo $?; jar cf t.jar T.class && jar tf t.jar | tail -1; java T.java | head -1
cat > W.java <<'E'
public class W{public static void main(String[]a)throws Exception{Runtime.getRuntime().addShutdownHook(new Thread(()->System.out.println("term hook")));System.out.println("up");Thread.sleep(60000);}}
E
javac W.java; java W & sleep 2; kill -TERM $!; wait $!; echo $?
java W >quit 2>&1 & sleep 1.5; kill -QUIT $!; sleep 0.5; kill -KILL $!; wait $! 2>/dev/null; echo $?; grep -c "Full thread dump" quit
