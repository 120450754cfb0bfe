// Package shelf serves its path.
package shelf

import (
	"fmt"
	"net/http"
)

// Handler answers with the path it was asked for.
func Handler() http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		fmt.Fprint(writer, request.URL.Path)
	})
}
