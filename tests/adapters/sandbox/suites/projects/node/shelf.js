'use strict';

const http = require('node:http');

exports.serve = () =>
  http.createServer((request, response) => response.end(request.url.toUpperCase()));
