package acceptance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// awsProvider stands for hashicorp/aws: its aws_lambda_alias has the real one's attributes, and is nowhere but
// in state.
type awsProvider struct{ deletions atomic.Int32 }

func (p *awsProvider) serve() (*schema.Provider, error) {
	keep := func(context.Context, *schema.ResourceData, any) diag.Diagnostics { return nil }
	text := func(s schema.Schema) *schema.Schema {
		s.Type = schema.TypeString
		return &s
	}
	return &schema.Provider{ResourcesMap: map[string]*schema.Resource{"aws_lambda_alias": {
		CreateContext: func(_ context.Context, data *schema.ResourceData, _ any) diag.Diagnostics {
			arn := fmt.Sprintf("arn:aws:lambda:us-east-1:123456789012:function:%s:%s", data.Get("function_name"), data.Get("name"))
			data.SetId(arn)
			return diag.FromErr(errors.Join(data.Set("arn", arn), data.Set("invoke_arn", arn)))
		},
		ReadContext: keep, UpdateContext: keep,
		DeleteContext: func(context.Context, *schema.ResourceData, any) diag.Diagnostics {
			p.deletions.Add(1)
			return nil
		},
		Schema: map[string]*schema.Schema{
			"arn":              text(schema.Schema{Computed: true}),
			"description":      text(schema.Schema{Optional: true}),
			"function_name":    text(schema.Schema{Required: true, ForceNew: true}),
			"function_version": text(schema.Schema{Required: true}),
			"invoke_arn":       text(schema.Schema{Computed: true}),
			"name":             text(schema.Schema{Required: true, ForceNew: true}),
			"routing_config": {Type: schema.TypeList, Optional: true, MaxItems: 1, Elem: &schema.Resource{
				Schema: map[string]*schema.Schema{"additional_version_weights": {
					Type: schema.TypeMap, Optional: true, Elem: &schema.Schema{Type: schema.TypeFloat},
				}},
			}},
		},
	}}}, nil
}

// kept fails if a deletion reached the provider.
func (p *awsProvider) kept(*terraform.State) error {
	if count := p.deletions.Load(); count > 0 {
		return fmt.Errorf("aws_lambda_alias was deleted %d times", count)
	}
	return nil
}

// holds fails unless state has these resources and no other.
func holds(addresses ...string) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		found := slices.Sorted(maps.Keys(state.RootModule().Resources))
		if !slices.Equal(found, addresses) {
			return fmt.Errorf("state has %q, expected: %q", found, addresses)
		}
		return nil
	}
}

// shown is what the users' page has for the block: what people copy is what is tested.
func shown(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(os.Getenv("STEELYARD_PAGE"))
	if err != nil {
		t.Fatal(err)
	}
	const fence = "\n```"
	begin := name + " {"
	_, rest, found := strings.Cut(string(page), fence+"hcl\n"+begin)
	block, _, closed := strings.Cut(rest, fence)
	if !found || !closed {
		t.Fatalf("the page shows no %q", begin)
	}
	return begin + block + "\n"
}

// before is the state that all migrations start from.
func before(function string) resource.TestStep {
	return resource.TestStep{
		Config: fmt.Sprintf(`
resource "aws_lambda_alias" "checkout" {
  function_name    = %q
  name             = "production"
  function_version = "41"
}`, function),
		Check: holds("aws_lambda_alias.checkout"),
	}
}

// migrate by the block. Without settings there is not even an update of state, and after the apply the framework
// plans again, and wants nothing left to do.
func (s *sandbox) migrate(aws *awsProvider, block string) resource.TestStep {
	return resource.TestStep{
		Config:            s.config("41", "") + shown(s.t, block),
		ConfigPlanChecks:  planned(does(plancheck.ResourceActionNoop)),
		ConfigStateChecks: []statecheck.StateCheck{has(text("41"), "version"), has(text("41"), "live_version")},
		Check:             resource.ComposeAggregateTestCheckFunc(holds(address), aws.kept, s.moved()),
	}
}

func startMigration(t *testing.T) (*sandbox, *awsProvider) {
	s, aws := startSandbox(t), &awsProvider{}
	s.others = map[string]func() (*schema.Provider, error){"aws": aws.serve}
	return s, aws
}

func TestMigration(t *testing.T) {
	t.Parallel()
	for _, block := range []string{"removed", "moved"} {
		t.Run(block, func(t *testing.T) {
			t.Parallel()
			s, aws := startMigration(t)
			s.run("42",
				before("checkout"),
				s.migrate(aws, block),
				resource.TestStep{
					Config:            s.config("42", quick),
					ConfigPlanChecks:  planned(does(plancheck.ResourceActionUpdate)),
					ConfigStateChecks: []statecheck.StateCheck{has(text("42"), "live_version"), has(text("41"), "previous_version")},
					Check:             resource.ComposeAggregateTestCheckFunc(aws.kept, s.moved("41, 42 10%", "41, 42 50%", "42 100%")),
				})
		})
	}
}

// The AWS provider takes an ARN for the function's name, and keeps it in state.
func TestMigrationFromARN(t *testing.T) {
	t.Parallel()
	s, aws := startMigration(t)
	s.run("41", before("arn:aws:lambda:us-east-1:123456789012:function:checkout"), s.migrate(aws, "moved"))
}
