use strict;
use warnings;

use File::Temp qw(tempfile);
use IO::Socket::INET;
use Test::More tests => 3;

use Shelf;

is(Shelf::total(1, 2, 3), 6, 'adds');

my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1, Proto => 'tcp') or die $@;
if (!fork) {
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport, Proto => 'tcp') or die $@;
    print {$client} "hello\n";
    exit 0;
}
my $connection = $server->accept;
is(scalar <$connection>, "hello\n", 'a child speaks to its parent');
wait;

my ($handle, $name) = tempfile(UNLINK => 1);
ok(-w $name, 'a temporary file');
