# shellcheck shell=bash
# Sourced by scripts/run and scripts/lint: makes nginx configurations from deploy/ that run from a folder, without root.

# Addresses to listen on for a BIND, one a line: a loopback or wildcard address stands for IPv4 and IPv6.
addresses_of() {
    case $1 in
        127.0.0.1 | localhost) printf '%s\n' 127.0.0.1 '[::1]' ;;
        0.0.0.0 | :: | '*') printf '%s\n' 0.0.0.0 '[::]' ;;
        *:*) printf '%s\n' "[$1]" ;;
        *) printf '%s\n' "$1" ;;
    esac
}

# Where this machine reaches a server that listens on BIND.
address_to_reach() {
    case $1 in
        0.0.0.0 | :: | '*' | localhost) echo 127.0.0.1 ;;
        *) echo "$1" ;;
    esac
}

# The same with a port, as it stands in a URL.
authority() {
    local address
    address=$(address_to_reach "$1")
    [[ $address == *:* ]] && address="[$address]"
    echo "$address:$2"
}

# Whether others than this machine reach a server that listens on BIND.
is_open() { [[ $1 != 127.* && $1 != localhost && $1 != ::1 ]]; }

descriptor_limit() {
    local hard
    hard=$(ulimit -Hn)
    if [[ $hard == unlimited ]] || ((hard > 16384)); then hard=16384; fi
    echo "$hard"
}

# sed's commands that give the `listen` lines for PORT their addresses.
listen_edits() {
    local port=$1 bind=$2 new_port=$3 four='' six='' address
    while read -r address; do
        if [[ $address == \[* ]]; then six=$address; else four=$address; fi
    done < <(addresses_of "$bind")
    grep -qs . /proc/net/if_inet6 || six=''          # /proc tells no sizes
    if [[ -n $four ]]; then
        echo "s|listen 127.0.0.1:$port |listen $four:$new_port |"
    else
        echo "/listen 127.0.0.1:$port /d"
    fi
    if [[ -n $six ]]; then
        echo "s|listen \[::1\]:$port |listen $six:$new_port |"
    else
        echo "/listen \[::1\]:$port /d"
    fi
}

# configure_nginx ingest|web|both: makes $runtime/nginx-… from $deploy.
configure_nginx() {
    local folder=$runtime/nginx-$1 edits host
    mkdir -p "$folder/tmp"
    edits=$(
        case $1 in
            ingest) echo "/include web.conf;/d" ;;
            web) echo "/include ingest.conf;/d" ;;
        esac
        echo "s|^pid .*|pid $folder/nginx.pid;|"
        echo "s|^error_log .*|error_log stderr warn;|"
        echo "s|^worker_rlimit_nofile .*|worker_rlimit_nofile $(descriptor_limit);|"
        echo "s|/var/lib/nginx/|$folder/tmp/|"
        echo "s|/run/oriel/|$runtime/|"
        echo "s|/usr/share/oriel/html|$runtime/html|"
        echo "s|http://127.0.0.1:9001|http://$(authority "$ingest_bind" "$ingest_port")|"
        [[ ${ORIEL_CONTROLS-} != 1 ]] || echo "s|#include oriel/controls.conf;|include oriel/controls.conf;|"
        listen_edits 8000 "$web_bind" "$web_port"
        listen_edits 9001 "$ingest_bind" "$ingest_port"
        while read -r host; do echo "/#camera.example.com/i\\    $host 1;"; done < <(allowed_hosts)
    )
    if ((EUID != 0)); then
        edits+=$'\n''/^user /d'
    else
        chmod 711 "$runtime"
        as_www_data test -x "$runtime" || fail 77 "nginx runs as www-data, which cannot enter $runtime: choose another folder."
    fi
    link_page
    cp -r "$deploy"/. "$folder"
    sed -i -e "$edits" "$folder"/*.conf "$folder"/oriel/*.conf
    nginx -p "$folder" -c "$folder/nginx.conf" -e stderr -t -q || fail 78 "nginx refuses the configuration made from $deploy."
}

as_www_data() { setpriv --reuid www-data --regid www-data --clear-groups "$@"; }

# The page as nginx's own user reads it: a checkout in root's home is closed to others, so root hands out a copy.
link_page() {
    [[ ! -e $runtime/html ]] || return 0
    if ((EUID != 0)) || as_www_data test -r "$oriel/html/index.html"; then
        ln -s "$oriel/html" "$runtime/html"
    else
        cp -r "$oriel/html" "$runtime/html"
    fi
}

# ORIEL_HOSTS; and, for those who open the page from elsewhere, this machine's own name.
allowed_hosts() {
    local host hosts
    read -ra hosts <<<"${ORIEL_HOSTS-}"
    for host in "${hosts[@]}"; do echo "${host,,}"; done
    host=${HOSTNAME%%.*}
    if is_open "$web_bind" && [[ $host =~ ^[A-Za-z0-9-]+$ && $host != localhost ]]; then
        printf '%s\n' "${host,,}" "${host,,}.local"
    fi
}
