package shelf

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestServer(t *testing.T) {
	server := httptest.NewServer(Handler())
	defer server.Close()
	if body := get(t, server.URL+"/top"); body != "/top" {
		t.Fatalf("got %q", body)
	}
}

func TestIPv6(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: Handler()}
	go server.Serve(listener)
	defer server.Close()
	if body := get(t, "http://"+listener.Addr().String()+"/six"); body != "/six" {
		t.Fatalf("got %q", body)
	}
}

func TestManyGoroutinesAndProcesses(t *testing.T) {
	var group sync.WaitGroup
	for n := 0; n < 32; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := exec.Command("true").Run(); err != nil {
				t.Error(err)
			}
		}()
	}
	group.Wait()
}

func TestFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil || os.MkdirAll(filepath.Join(home, "kept"), 0o755) != nil {
		t.Fatal(home, err)
	}
}
