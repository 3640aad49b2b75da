//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startTimeout = 20 * time.Second
	stopTimeout  = 3 * time.Second
	maxLog       = 1 << 20 // a log larger than this is emptied between visits
)

// A process is a server that we started.
type process struct {
	name   string
	port   int
	cmd    *exec.Cmd
	log    *os.File
	exited chan struct{}
}

// start runs a server pinned to one core and waits until it accepts connections. Its standard
// output and error go to a file in dir. It must be called on the main thread: the child inherits
// the affinity of the thread that starts it, and dies with that thread.
func start(ctx context.Context, name string, core, port int, dir string, argv ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
	// A small environment of our own: what the user has set, a key say, must not change a variant.
	cmd.Env = []string{"GOMAXPROCS=1", "PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := startPinned(cmd, core); err != nil {
		log.Close()
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, port: port, cmd: cmd, log: log, exited: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(p.exited)
	}()
	if err := p.ready(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// startPinned starts cmd from a thread that for that moment is pinned to core.
func startPinned(cmd *exec.Cmd, core int) error {
	var old unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return err
	}
	if err := pinThread(0, core); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), unix.SchedSetaffinity(0, &old))
}

// ready waits until the server accepts connections.
func (p *process) ready(ctx context.Context) error {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.exited:
			return fmt.Errorf("%s did not start; its log ends:\n%s", p.name, p.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen after %v; its log ends:\n%s", p.name, startTimeout, p.logTail())
}

// stop ends the server, gently at first.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.cmd.Process.Kill()
		<-p.exited
	}
	p.log.Close()
}

// trimLog empties a log that has grown: a gate that refuses ten thousand calls a second writes as
// many lines. Writing them is part of what a refusal costs, keeping them is not.
func (p *process) trimLog() {
	if st, err := p.log.Stat(); err == nil && st.Size() > maxLog {
		p.log.Truncate(0) // opened for appending: the server goes on at the new end
	}
}

// logTail is the end of the server's log.
func (p *process) logTail() string {
	const tail = 2 << 10
	st, err := p.log.Stat()
	if err != nil {
		return err.Error()
	}
	b := make([]byte, min(st.Size(), tail))
	n, _ := p.log.ReadAt(b, st.Size()-int64(len(b)))
	return string(b[:n])
}

// cpuTime reads the CPU clock of a whole process, all its threads, in nanoseconds. The clock id of
// another process is its complement shifted left by three, plus 2 for the scheduler's clock; see
// clock_getcpuclockid(3). The tick counts in /proc are a million times coarser.
func cpuTime(pid int) (time.Duration, error) {
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &ts); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// pinThread lets a thread (0: the calling one) run on one core only.
func pinThread(tid, core int) error {
	var set unix.CPUSet
	set.Set(core)
	if err := unix.SchedSetaffinity(tid, &set); err != nil {
		return fmt.Errorf("pinning to core %d: %w", core, err)
	}
	return nil
}

// pinSelf pins all threads of this process; threads made later inherit it.
func pinSelf(core int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := pinThread(tid, core); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// checkCores reports cores that this process may not use, before anything is built.
func checkCores(cores ...int) error {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return err
	}
	for i, c := range cores {
		if c < 0 || !allowed.IsSet(c) {
			return fmt.Errorf("core %d is not available: two cores are needed, see --server-core and --load-core", c)
		}
		if i > 0 && c == cores[0] {
			return errors.New("server and load must not share a core")
		}
	}
	return nil
}
