// podnet/nginx: Debian's nginx, laid out as the image that everyone knows: the same pages, folders, log files and user.
import { nameServiceLibraries, programs } from './programs.ts';
import { type Tree, type TreeEntry, mergeTrees } from './tree.ts';

const MAIN = `user  nginx;
worker_processes  auto;
error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';
    access_log  /var/log/nginx/access.log  main;
    sendfile        on;
    keepalive_timeout  65;
    include /etc/nginx/conf.d/*.conf;
}
`;

const SITE = `server {
    listen       80;
    listen  [::]:80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`;

const page = (title: string, body: string): string => `<!DOCTYPE html>
<html>
<head>
<title>${title}</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;

const PAGES = {
  'index.html': page(
    'Welcome to nginx!',
    `<p>If you see this page, the nginx web server is working. Further configuration is required.</p>
<p>For documentation see <a href="https://nginx.org/">nginx.org</a>.</p>
<p><em>Thank you for using nginx.</em></p>`,
  ),
  '50x.html': page('An error occurred.', '<p>The page you are looking for is currently unavailable.</p>'),
};

const text = (content: string): TreeEntry => ({ kind: 'text', text: content });

/** `root` is where Debian's packages were unpacked, or '' for the machine itself. */
export const nginxTree = (root: string): Tree => {
  const server = mergeTrees(
    programs(root, ['/usr/sbin/nginx']),
    programs('', ['/usr/bin/curl', '/usr/bin/printenv']),
  );
  return mergeTrees(
    server,
    nameServiceLibraries(server),
    new Map<string, TreeEntry>([
      ['/etc/ssl/certs/ca-certificates.crt', { kind: 'copy', from: '/etc/ssl/certs/ca-certificates.crt' }],
      ['/etc/nginx/mime.types', { kind: 'copy', from: `${root}/etc/nginx/mime.types` }],
      ['/etc/nginx/nginx.conf', text(MAIN)],
      ['/etc/nginx/conf.d/default.conf', text(SITE)],
      ...Object.entries(PAGES).map(([name, content]): [string, TreeEntry] => [
        `/usr/share/nginx/html/${name}`,
        text(content),
      ]),
      ['/var/log/nginx/access.log', { kind: 'link', target: '/dev/stdout' }],
      ['/var/log/nginx/error.log', { kind: 'link', target: '/dev/stderr' }],
      ['/var/lib/nginx', { kind: 'folder' }], // its folders for temporary files are made here by the server
    ]),
  );
};
