#!/bin/sh
# SPDX-License-Identifier: MIT
# java and javac: threads, five collectors, faults as exceptions, processes, sockets, signals, the interpreter.
# needs: java javac jar
# limit: 600
. "$TOP/tests/compat/lib.sh"
cat >T.java <<'END'
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class T {
	static int deep(int n) { return deep(n + 1) + 1; }

	static void threads() throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Long>> futures = new ArrayList<>();
		for (int i = 0; i < 32; i++) {
			final int k = i;
			futures.add(pool.submit(() -> {
				long sum = 0;
				for (int j = 0; j < 200000; j++) sum += new byte[64 + j % 100].length;
				return sum + k;
			}));
		}
		long total = 0;
		for (Future<Long> f : futures) total += f.get();
		pool.shutdown();
		System.out.println("threads " + total);
	}

	static void faults() {
		int caught = 0;
		for (int i = 0; i < 20000; i++)
			try { Object o = i % 2 == 0 ? null : "x"; o.hashCode(); } catch (NullPointerException e) { caught++; }
		System.out.println("null " + caught);
		try { deep(0); } catch (StackOverflowError e) { System.out.println("deep"); }
		try { System.out.println(1 / (caught - caught)); } catch (ArithmeticException e) { System.out.println("division"); }
		try { long[] big = new long[Integer.MAX_VALUE - 8]; } catch (OutOfMemoryError e) { System.out.println("memory"); }
	}

	static void process() throws Exception {
		Process p = new ProcessBuilder("sh", "-c", "cat; exit 4").start();
		p.getOutputStream().write("through a pipe".getBytes());
		p.getOutputStream().close();
		System.out.println(new String(p.getInputStream().readAllBytes()) + " " + p.waitFor());
		try { new ProcessBuilder("/nonexistent").start(); } catch (IOException e) { System.out.println("no such program"); }
		System.out.println(ProcessHandle.current().info().command().get().replaceAll(".*/", ""));
	}

	static void files() throws Exception {
		Path d = Files.createTempDirectory("x");
		Files.write(d.resolve("f"), "hello".getBytes());
		Files.createSymbolicLink(d.resolve("l"), Path.of("f"));
		try (var walk = Files.walk(d)) { System.out.println("files " + walk.count()); }
		System.out.println(Files.readString(d.resolve("l")) + " " + Files.getOwner(d).getName().isEmpty());
		try (var map = new RandomAccessFile(d.resolve("f").toFile(), "rw").getChannel()) {
			var bytes = map.map(java.nio.channels.FileChannel.MapMode.READ_WRITE, 0, 5);
			bytes.put((byte) 'j');
			bytes.force();
		}
		System.out.println(Files.readString(d.resolve("f")));
		try { Files.readString(Path.of("/nonexistent")); } catch (NoSuchFileException e) { System.out.println(e.getMessage()); }
		try (var watch = d.getFileSystem().newWatchService()) {
			d.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
			Files.createFile(d.resolve("new"));
			System.out.println("watch " + watch.poll(15, TimeUnit.SECONDS).pollEvents().get(0).context());
		}
	}

	static void sockets() throws Exception {
		ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
		Thread thread = new Thread(() -> {
			try (Socket s = server.accept()) { s.getOutputStream().write("tcp".getBytes()); } catch (IOException e) { }
		});
		thread.start();
		Socket client = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
		System.out.println(new String(client.getInputStream().readAllBytes()));
		thread.join();
	}

	public static void main(String[] args) throws Exception {
		threads();
		faults();
		System.gc();
		process();
		files();
		sockets();
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
		System.exit(6);
	}
}
END
cat >W.java <<'END'
public class W {
	public static void main(String[] args) throws Exception {
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
		System.out.println("up");
		Thread.sleep(60000);
	}
}
END
check javac javac T.java W.java
exits 6 java java -Xmx256m T
for collector in Serial Parallel G1 Z Shenandoah; do
	exits 6 $collector java -Xmx256m -XX:+Use${collector}GC T
done
exits 6 interpreted java -Xmx256m -Xint T
exits 6 'from source' java -Xmx256m T.java
check jar sh -c 'jar cf t.jar T.class && jar tf t.jar | tail -n 1'
exits 6 'from a jar' java -Xmx256m -cp t.jar T
exits 1 'compile error' sh -c "echo 'class X { int f() { return null; } }' >X.java; javac X.java 2>&1 | head -n 1; exit 1"
check jshell sh -c 'echo "System.out.println(1 + 2)" | jshell -s -'

# waiting SIGNAL: sent to a program that sleeps; what it printed, and its exit status
waiting() {
	rm -f w.out
	java W >w.out 2>&1 &
	pid=$!
	eventually grep -s up w.out
	kill -$1 $pid
	[ $1 != QUIT ] || { eventually grep -c 'Full thread dump' w.out; kill -KILL $pid; }
	wait $pid 2>/dev/null # where the shell may say, sooner or later, how it ended
	status=$?
	grep -x hook w.out
	return $status
}
exits 143 TERM waiting TERM
exits 129 HUP waiting HUP
exits 137 KILL waiting KILL
exits 137 'thread dump' waiting QUIT
